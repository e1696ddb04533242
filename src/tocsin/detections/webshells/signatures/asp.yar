/*
  Classic ASP and server-side JScript: what a page shows in its text when it runs, writes or hides.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule asp_runs_request
{
    meta:
        description = "A script statement evaluates a value of the request"
        key = "eval-request"
        capability = "eval"
    strings:
        $direct = /\b(e[v]al|e[x]ecute|e[x]ecuteglobal|e[x]ecutestatement|addcode)\b[\s(]{0,12}(string\s{0,4}\(\s{0,4}|cstr\s{0,4}\(\s{0,4}|unescape\s{0,4}\(\s{0,4}|strreverse\s{0,4}\(\s{0,4}|\w{1,30}\s{0,4}\(\s{0,4}|["'&+ ]{1,8})?(request|context\.request|page\.request)\b/ nocase
        $element = /\b(e[v]al|e[x]ecute|e[x]ecuteglobal)\b[\s(]{0,12}session\s{0,4}[(\[]/ nocase
    condition:
        any of them
}

rule asp_unsafe_evaluation
{
    meta:
        description = "JScript.NET evaluates with the word that lifts all restrictions"
        key = "eval-unsafe"
        capability = "eval"
    strings:
        $whole = /\be[v]al\s{0,8}\([^;]{1,300},\s{0,8}["']u[n]safe["']/ nocase
        $escaped = /\be[v]al\s{0,8}\([^;]{1,300},\s{0,8}["'](u|\\x75|\\u0075)[^"']{0,40}["']\s{0,4}\+/ nocase
    condition:
        any of them
}

rule asp_runs_made_text
{
    meta:
        description = "A script statement evaluates what a function or a chain of characters makes"
        key = "eval-made"
        capability = "eval"
    strings:
        $decode = /\b(e[x]ecute|e[x]ecuteglobal)\b[\s(]{1,8}[a-z_]\w{0,30}\s{0,4}\(\s{0,4}("[^"\r\n]{12,}|'[^'\r\n]{12,})/ nocase
        $characters = /\b(e[v]al|e[x]ecute|e[x]ecuteglobal)\b[\s(]{0,8}(chrw?\s{0,2}\(|unescape\s{0,2}\(|strreverse\s{0,2}\(|replace\s{0,2}\(|string\.fromcharcode)/ nocase
    condition:
        any of them
}

rule asp_chain_of_characters
{
    meta:
        description = "A word is put together from single characters"
        key = "split-word"
        capability = ""
    strings:
        $chr = /(["'][^"'\r\n]{0,6}["']|chrw?\(\s{0,2}[^)]{1,8}\))\s{0,3}&\s{0,3}(chrw?\(\s{0,2}(&h)?[0-9a-f]{2,6}\s{0,2}\)\s{0,3}&\s{0,3}["'][a-z.][^"'\r\n]{0,6}["']|["'][^"'\r\n]{0,6}["']\s{0,3}&\s{0,3}chrw?\(\s{0,2}[^)]{1,8}\))/ nocase
        $run = /(chrw?\(\s{0,2}[^)]{1,8}\)\s{0,3}&\s{0,3}){4}/ nocase
        $plus = /(["'][a-z]{1,2}["']\s{0,3}[+&]\s{0,3}){4}/ nocase
    condition:
        any of them
}

rule asp_shell_object
{
    meta:
        description = "The Windows script shell or shell application is made, and it runs, reads or writes something"
        key = "shell-object"
        capability = "command"
    strings:
        $program = /["'](wscr[i]pt\.s[h]ell|s[h]ell\.a[p]plication|s[h]ell\.users)(\.\d)?["']/ nocase
        $class = /(72C24DD5-D70A-438B-8A42-98424B88AFB8|13709620-C279-11CE-A49E-444553540000|F935DC22-1CF0-11D0-ADB9-00C04FD58A0B|093FF999-1EA0-4079-9525-9614C3504B74)/ nocase
        $split = /["']w["']?\s{0,3}[&+]?\s{0,3}["']?s["']?\s{0,3}[&+]?\s{0,3}["']?c["']?\s{0,3}[&+]?\s{0,3}["']?r["']?\s{0,3}[&+]?\s{0,3}["']?i["']?\s{0,3}[&+]?\s{0,3}["']?p["']?\s{0,3}[&+]?\s{0,3}["']?t["']?\s{0,3}[&+]?\s{0,3}["']?\.["']?\s{0,3}[&+]/ nocase
        $act = /\.\s{0,3}(run|e[x]ec|s[h]ellexecute|namespace|regread|regwrite|regdelete|sendkeys|servicestart|browseforfolder)\b/ nocase
        $script = /<\s{0,2}ms[x]sl:script/ nocase
    condition:
        any of ($program, $class, $split) and any of ($act, $script)
}

rule asp_shell_in_markup
{
    meta:
        description = "An object tag of the page makes a script shell by class or program identifier"
        key = "shell-object-tag"
        capability = "command"
    strings:
        $tag = /<object\b[^>]{0,300}(72C24DD5-D70A-438B-8A42-98424B88AFB8|13709620-C279-11CE-A49E-444553540000|F935DC22-1CF0-11D0-ADB9-00C04FD58A0B|093FF999-1EA0-4079-9525-9614C3504B74|wscr[i]pt\.s[h]ell|s[h]ell\.application)/ nocase
    condition:
        any of them
}

rule asp_runs_program
{
    meta:
        description = "A method of a shell object runs a program with what the request brings"
        key = "command-request"
        capability = "command"
    strings:
        $run = /\.(e[x]ec|r[u]n|s[h]ellexecute)\b[\s(]{0,6}[^\r\n]{0,160}\brequest\b/ nocase
        $object = /(wscr[i]pt\.s[h]ell|s[h]ell\.a[p]plication)/ nocase
    condition:
        all of them
}

rule asp_database_commands
{
    meta:
        description = "Procedures of SQL Server that run programs or touch files and the registry"
        key = "sql-procedures"
        capability = "sql"
    strings:
        $a = "xp_cmd" nocase
        $b = /xp_reg(read|write|delete)/ nocase
        $c = "sp_oacreate" nocase
        $d = "xp_dirtree" nocase
        $e = "sp_addextendedproc" nocase
        $f = /sandboxmode/ nocase
        $g = /openrowset/ nocase
        $h = /backup\s{1,3}(database|log)[^\r\n]{1,120}\bto\s{1,3}disk/ nocase
    condition:
        any of them
}

rule asp_writes_request
{
    meta:
        description = "A file is made and a value of the request is written to it"
        key = "write-request"
        capability = "file-write"
    strings:
        $make = /(createtextfile|opentextfile|savetofile)\b/ nocase
        $write = /\.(write|writeline|writetext)\b[\s(]{0,6}["'&+ ]{0,6}request\b/ nocase
        $place = /(createtextfile|opentextfile|savetofile|getfile)\b[\s(]{1,6}[^\r\n]{0,60}request\b/ nocase
    condition:
        ($make and $write) or $place
}

rule asp_script_host
{
    meta:
        description = "A script host inside the page runs text"
        key = "script-host"
        capability = "eval"
    strings:
        $a = /["'](ms)?scr[i]ptcontrol\.scr[i]ptcontrol(\.\d)?["']/ nocase
        $b = "0E59F1D5-1FBE-11D0-8FF2-00A0D10038BC" nocase
        $c = /\.(e[x]ecutestatement|addcode)\b/ nocase
    condition:
        any of them
}

rule asp_marks_attributes
{
    meta:
        description = "The page hides itself by file attributes"
        key = "hides-itself"
        capability = "file-write"
    strings:
        $self = /\.attributes\s{0,3}(<>|=)\s{0,3}\d/ nocase
        $path = /(path_translated|script_name|path_info|scriptfullname)/ nocase
    condition:
        all of them
}
