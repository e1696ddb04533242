/*
  Server pages that run what a request brings. Each rule joins a source (the request) with a sink in the
  same statement or page; words that scanners eat are written with a class around one letter.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

private rule server_page
{
    meta:
        author = "Tocsin contributors"
        description = "Part of other rules: text that IIS or another server would run"
        licence = "Apache-2.0"
        means = "context"
        content = "inert"
    strings:
        $percent = "<%" ascii wide
        $tag = /<\s{0,4}script\b[^>]{0,200}runat\s{0,4}=/ ascii wide nocase
        $php = /<\?(php|=)/ ascii wide nocase
    condition:
        filesize < 4MB and any of them
}

rule script_evaluates_request
{
    meta:
        author = "Tocsin contributors"
        description = "JScript or VBScript evaluates a value of the request"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "page-reachable"
        capability = "code execution"
    strings:
        $direct = /\b([e]val|[e]xecute|[e]xecuteglobal)\s{0,8}\(?\s{0,8}\(?\s{0,8}(string\s{0,4}\(\s{0,4})?r[e]quest\b[^;\r\n]{0,120}/ ascii wide nocase
        $decoded = /\b[e]val\s{0,8}\([^;\r\n]{0,200}(frombase64|getstring|unescape|replace)[^;\r\n]{0,200}r[e]quest\b/ ascii wide nocase
    condition:
        server_page and any of them
}

rule net_page_loads_assembly_from_request
{
    meta:
        author = "Tocsin contributors"
        description = "ASP.NET page loads an assembly out of the request's bytes"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "page-reachable"
        capability = "assembly load"
    strings:
        $load = /\b[A]ssembly\.L[o]ad\s{0,4}\(/ ascii wide nocase
        $source = /\bR[e]quest\s{0,4}(\.|\[)\s{0,4}(B[i]naryRead|I[n]putStream|F[o]rm|Item|Headers|Cookies|"|')/ ascii wide nocase
        $crypt = /(C[r]eateDecryptor|FromBase64Strin[g])\s{0,4}\(/ ascii wide nocase
    condition:
        server_page and $load and $source and $crypt
}

rule net_page_starts_program_from_request
{
    meta:
        author = "Tocsin contributors"
        description = "ASP.NET page starts a program with what the request brings"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "page-reachable"
        capability = "command"
    strings:
        $start = /\b(P[r]ocessStartInfo|Process\.S[t]art|\.S[t]artInfo)\b/ ascii wide nocase
        $shell = /["'@](cmd(\.exe)?|[^"'\r\n]{0,60}\\cmd\.exe|powershell(\.exe)?)["']/ ascii wide nocase
        $source = /(\bR[e]quest\s{0,4}(\.|\[)|\bTextBox\b|\btxt\w{1,20}\.Text\b|\b[H]ttpContext\b)/ ascii wide nocase
    condition:
        server_page and $start and $source and $shell
}

rule asp_page_runs_command_from_request
{
    meta:
        author = "Tocsin contributors"
        description = "Classic ASP page hands the request to the Windows script shell"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "page-reachable"
        capability = "command"
    strings:
        $shell = /createobject\s{0,4}\(\s{0,4}["'](wscr[i]pt\.s[h]ell|s[h]ell\.a[p]plication)/ ascii wide nocase
        $run = /\.(e[x]ec|r[u]n|s[h]ellexecute)\s{0,4}\(?[^\r\n]{0,200}(r[e]quest|c[m]d|%comspec%)/ ascii wide nocase
        $source = /\br[e]quest\s{0,4}(\.|\()/ ascii wide nocase
    condition:
        server_page and all of them
}

rule jsp_page_runs_command_from_request
{
    meta:
        author = "Tocsin contributors"
        description = "JSP hands a parameter of the request to the operating system"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "page-reachable"
        capability = "command"
    strings:
        $run = /(g[e]tRuntime\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}e[x]ec\s{0,4}\(|new\s{1,4}P[r]ocessBuilder\s{0,4}\()/ ascii wide
        $source = /\brequest\s{0,4}\.\s{0,4}(g[e]tParameter|g[e]tHeader|g[e]tInputStream|g[e]tReader)\s{0,4}\(/ ascii wide
    condition:
        server_page and all of them
}

rule php_page_runs_request
{
    meta:
        author = "Tocsin contributors"
        description = "PHP evaluates or runs a value of the request"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "page-reachable"
        capability = "code execution"
    strings:
        $direct = /\b([e]val|[a]ssert|[s]ystem|[s]hell_exec|[p]assthru|[p]roc_open|[p]open)\s{0,8}\(\s{0,8}@?(\w{1,30}\s{0,4}\(\s{0,4}){0,4}\$_(G[E]T|P[O]ST|R[E]QUEST|C[O]OKIE|S[E]RVER)/ ascii wide nocase
        $callee = /\$_(G[E]T|P[O]ST|R[E]QUEST)\s{0,4}\[[^\]]{1,60}\]\s{0,4}\(\s{0,4}\$_(G[E]T|P[O]ST|R[E]QUEST)/ ascii wide nocase
    condition:
        server_page and any of them
}

rule tunnel_page
{
    meta:
        author = "Tocsin contributors"
        description = "Server page opens sockets to where the request says: a tunnel"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "tunnel"
        capability = "tunnel"
    strings:
        $net = /new\s{1,4}(S[o]cket|T[c]pClient)\s{0,4}\(/ ascii wide nocase
        $java = /S[o]cketChannel\.o[p]en\s{0,4}\(/ ascii wide
        $php = /\b(f|p)s[o]ckopen\s{0,4}\(/ ascii wide nocase
        $target = /["'](target|x-target|x-cmd|ip|host)["']/ ascii wide nocase
        $port = /["'](port|x-port)["']/ ascii wide nocase
        $command = /["'](CONNECT|DISCONNECT|FORWARD|READ|proxy|file_upload)["']/ ascii wide nocase
    condition:
        server_page and ($net or $java or $php) and $target and $port and $command
}

rule page_saves_upload_below_itself
{
    meta:
        author = "Tocsin contributors"
        description = "Small page that does nothing but save what is sent to it: an uploader"
        licence = "Apache-2.0"
        means = "context"
        content = "live"
        capability = "file write"
    strings:
        $save = /(\.S[a]veAs\s{0,4}\(|W[r]iteAllBytes\s{0,4}\(|move_uploaded_fil[e]\s{0,4}\()/ ascii wide nocase
        $place = /(Server\.M[a]pPath|AppDomain|basename|Path\.C[o]mbine)/ ascii wide nocase
    condition:
        server_page and filesize < 4KB and all of them
}
