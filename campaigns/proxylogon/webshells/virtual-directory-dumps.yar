/*
  Pages that a reset virtual directory left behind (CVE-2021-27065): with a script in them, or without.
  Words that scanners eat are written as hexadecimal text or with a class around one letter.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

private rule virtual_directory_list
{
    meta:
        author = "Tocsin contributors"
        description = "Part of other rules: the property list of a virtual directory"
        licence = "Apache-2.0"
        means = "context"
        content = "inert"
    strings:
        $a = "ExtendedProtectionTokenChecking" ascii wide nocase
        $b = "AdminDisplayVersion" ascii wide nocase
        $c = "InternalAuthenticationMethods" ascii wide nocase
        $d = "MetabasePath" ascii wide nocase
        $e = "OfflineAddressBooks" ascii wide nocase
    condition:
        filesize < 256KB and 3 of them
}

rule virtual_directory_dump_with_script
{
    meta:
        author = "Tocsin contributors"
        description = "Property list of a virtual directory with a server-side script among its values: a live web shell"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "shell-reachable"
        capability = "code execution"
    strings:
        $tag = /<\s{0,4}s[c]ript\b[^>]{0,200}r[u]nat\s{0,4}=\s{0,4}["']{0,2}s[e]rver/ ascii wide nocase
        $block = /<%[^>]{0,400}([e]val|r[e]quest|p[r]ocess|[W]riteAll|[f]romBase64)/ ascii wide nocase
    condition:
        virtual_directory_list and any of them
}

rule virtual_directory_dump_without_script
{
    meta:
        author = "Tocsin contributors"
        description = "Property list of a virtual directory without script: what is left of a web shell, or a settings export"
        licence = "Apache-2.0"
        means = "context"
        content = "inert"
    strings:
        $tag = /<\s{0,4}s[c]ript\b[^>]{0,200}r[u]nat/ ascii wide nocase
        $block = "<%" ascii wide
    condition:
        virtual_directory_list and none of ($tag, $block)
}

rule virtual_directory_dump_that_writes_files
{
    meta:
        author = "Tocsin contributors"
        description = "Property list of a virtual directory whose script writes a file: a dropper"
        licence = "Apache-2.0"
        means = "compromised"
        content = "live"
        rung = "shell-reachable"
        capability = "file write"
    strings:
        $save = /(\.S[a]veAs\s{0,4}\(|W[r]iteAllText\s{0,4}\(|W[r]iteAllBytes\s{0,4}\(|C[r]eateTextFile\s{0,4}\()/ ascii wide nocase
        $run = /r[u]nat\s{0,4}=\s{0,4}["']{0,2}s[e]rver/ ascii wide nocase
    condition:
        virtual_directory_list and all of them
}
