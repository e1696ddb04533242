/*
  Pages that an export of Exchange planted: mail store, certificate request.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule mail_store_with_server_script
{
    meta:
        author = "Tocsin contributors"
        description = "Mail store (PST) that holds a server-side script"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "page-written"
        capability = "code execution"
    strings:
        $store = { 21 42 44 4E }
        $tag = /<\s{0,4}s[c]ript\b[^>]{0,200}r[u]nat\s{0,4}=/ ascii wide nocase
        $block = /<%[@=\s]/ ascii wide
    condition:
        $store at 0 and any of ($tag, $block)
}

rule certificate_request_with_server_script
{
    meta:
        author = "Tocsin contributors"
        description = "Certificate request (DER or text) that holds a server-side script"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "page-written"
        capability = "code execution"
    strings:
        $der = { 30 82 }
        $der_as_text = { 30 E2 80 9A }
        $text = "-----BEGIN NEW CERTIFICATE REQUEST-----"
        $tag = /<\s{0,4}s[c]ript\b[^>]{0,200}r[u]nat\s{0,4}=/ ascii wide nocase
        $block = /<%[@=\s]/ ascii wide
    condition:
        filesize < 1MB and ($der at 0 or $der_as_text at 0 or $text at 0) and any of ($tag, $block)
}
