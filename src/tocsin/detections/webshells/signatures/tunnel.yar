/*
  Pages that forward what they are sent.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule tunnel_of_commands
{
    meta:
        description = "Sockets are opened to a place and port of the request, kept, and read and written by command"
        key = "tunnel"
        capability = "tunnel"
    strings:
        $net = /(new\s{1,4}(System\.Net\.Sockets\.)?(S[o]cket|T[c]pClient)\s{0,4}\(|S[o]cketChannel\s{0,4}\.\s{0,4}o[p]en|p?fsockope[n]\s{0,4}\(|stream_socket_clien[t]|socket_create)/ nocase
        $session = /(\bSession\s{0,4}[.\[(]["']|session\.(set|put)|\$_SESSION|getSession)/ nocase
        $target = /["'](x-)?(target|host|ip|remoteip|addr|dsthost)["']/ nocase
        $port = /["'](x-)?(port|remoteport|dstport)["']/ nocase
        $verb = /["'](CONNECT|DISCONNECT|FORWARD|PROXY)["']/ nocase
    condition:
        $net and $target and $port and ($session or $verb)
}

rule tunnel_by_header
{
    meta:
        description = "Commands and status of a tunnel travel in headers"
        key = "tunnel-header"
        capability = "tunnel"
    strings:
        $net = /(S[o]cket|T[c]pClient|fsockope[n])/ nocase
        $status = /["']X-(STATUS|CMD|ERROR|TARGET|PORT|REDIRECTURL)["']/ nocase
    condition:
        all of them
}

rule tunnel_http
{
    meta:
        description = "The page fetches whatever address the request names and hands on the answer"
        key = "tunnel-http"
        capability = "tunnel"
    strings:
        $create = /(WebRequest\.Create|\.open)\s{0,4}\([^;\r\n]{0,80}Request\b/ nocase
        $java = /new\s{1,4}URL\s{0,4}\([^;\r\n]{0,60}(getParameter|getHeader|getQueryString)/ nocase
        $curl = /curl_init\s{0,4}\(\s{0,4}\$_(G[E]T|P[O]ST|R[E]QUEST)/ nocase
    condition:
        any of them
}
