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
        $direct = /\b([e]val|[e]xecute|[e]xecuteglobal)\s{0,8}\(?\s{0,8}\(?\s{0,8}(string\s{0,4}\(\s{0,4})?reques[t]\b[^;\r\n]{0,120}/ ascii wide nocase
        $decoded = /\b[e]val\s{0,8}\([^;\r\n]{0,200}(frombase64|getstring|unescape|replace)[^;\r\n]{0,200}reques[t]\b/ ascii wide nocase
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
        $load = /\bAssembl[y]\.Loa[d]\s{0,4}\(/ ascii wide nocase
        $source = /\bReques[t]\s{0,4}(\.|\[)\s{0,4}(BinaryRea[d]|InputStrea[m]|For[m]|Item|Headers|Cookies|"|')/ ascii wide nocase
        $crypt = /(CreateDecrypto[r]|FromBase64Strin[g])\s{0,4}\(/ ascii wide nocase
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
        $start = /\b(ProcessStartInf[o]|Process\.Star[t]|\.StartInf[o])\b/ ascii wide nocase
        $shell = /["'@](cmd(\.exe)?|[^"'\r\n]{0,60}\\cmd\.exe|powershell(\.exe)?)["']/ ascii wide nocase
        $source = /(\bReques[t]\s{0,4}(\.|\[)|\bTextBox\b|\btxt\w{1,20}\.Text\b|\bHttpContex[t]\b)/ ascii wide nocase
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
        $shell = /createobject\s{0,4}\(\s{0,4}["'](wscrip[t]\.shel[l]|shel[l]\.applicatio[n])/ ascii wide nocase
        $run = /\.(exe[c]|ru[n]|shellexecut[e])\s{0,4}\(?[^\r\n]{0,200}(reques[t]|cm[d]|%comspec%)/ ascii wide nocase
        $source = /\breques[t]\s{0,4}(\.|\()/ ascii wide nocase
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
        $run = /(getRuntim[e]\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}exe[c]\s{0,4}\(|new\s{1,4}ProcessBuilde[r]\s{0,4}\()/ ascii wide
        $source = /\brequest\s{0,4}\.\s{0,4}(getParamete[r]|getHeade[r]|getInputStrea[m]|getReade[r])\s{0,4}\(/ ascii wide
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
        $direct = /\b([e]val|[a]ssert|[s]ystem|[s]hell_exec|[p]assthru|[p]roc_open|[p]open)\s{0,8}\(\s{0,8}@?(\w{1,30}\s{0,4}\(\s{0,4}){0,4}\$_(GE[T]|POS[T]|REQUES[T]|COOKI[E]|SERVE[R])/ ascii wide nocase
        $callee = /\$_(GE[T]|POS[T]|REQUES[T])\s{0,4}\[[^\]]{1,60}\]\s{0,4}\(\s{0,4}\$_(GE[T]|POS[T]|REQUES[T])/ ascii wide nocase
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
        $net = /new\s{1,4}(Socke[t]|TcpClien[t])\s{0,4}\(/ ascii wide nocase
        $java = /SocketChanne[l]\.ope[n]\s{0,4}\(/ ascii wide
        $php = /\b(f|p)sockope[n]\s{0,4}\(/ ascii wide nocase
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
        $save = /(\.SaveA[s]\s{0,4}\(|WriteAllByte[s]\s{0,4}\(|move_uploaded_fil[e]\s{0,4}\()/ ascii wide nocase
        $place = /(Server\.MapPat[h]|AppDomain|basename|Path\.Combin[e])/ ascii wide nocase
    condition:
        server_page and filesize < 4KB and all of them
}
