/*
  What a page says of itself: words of those who write and use such pages, in markup, comments and texts.
  A word alone proves nothing; the weights say how much each counts.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule words_of_intruders
{
    meta:
        description = "The page calls itself a web shell or back door, or names its makers as intruders"
        key = "self-named"
        capability = ""
    strings:
        $a = /web\s?-?sh[e]ll/ nocase
        $b = /back\s?-?d[o]or/ nocase
        $c = /\b(hacked by|h4ck|h4x0r|hax0r|defaced by|hacking team)/ nocase
        $d = /\b(r00t|priv8|0day\b)/ nocase
        $m = /<title>[^<]{0,80}(sh[e]ll|hack|\bcmd\b|exploit|spy\b|spy |uploader|backdoor|bypass)/ nocase
        $e = "\xe6\x9c\xa8\xe9\xa9\xac"
        $f = "\xe5\xa4\xa7\xe9\xa9\xac"
        $g = "\xe6\x8f\x90\xe6\x9d\x83"
        $h = "\xe8\x8f\x9c\xe5\x88\x80"
        $i = "\xe9\xbb\x91\xe5\xae\xa2"
        $j = "\xe5\x85\x8d\xe6\x9d\x80"
        $k = /\b(sh[e]ll|cmd|command)\s{0,2}(exec|execute|runner?)\b/ nocase
        $l = "\xe4\xb8\x80\xe5\x8f\xa5\xe8\xaf\x9d"
    condition:
        any of them
}

rule words_of_commands
{
    meta:
        description = "Forms and texts speak of running commands"
        key = "command-form"
        capability = ""
    strings:
        $field = /<(input|textarea|asp:TextBox)\b[^>]{0,120}(name|id)\s{0,2}=\s{0,2}["']?(x|_|-|txt|my)?(cmd|exec|sh[e]ll|komut|c0mmand|cmdline)(line|text|box)?["' >]/ nocase
        $button = /value\s{0,2}=\s{0,2}["']?\s{0,2}(execute|exec|ejecutar|send command|calistir)\s{0,2}["'>]/ nocase
        $net_user = /net\s{1,3}(user|localgroup)\s{1,3}[^\r\n<]{0,60}\/add/ nocase
        $whoami = /\b(whoami|ipconfig|ifconfig|netstat -an|tasklist[ \/]|uname -a|cat \/etc)/ nocase
        $cmd = /(cmd\.exe\b|\/bin\/sh|\/bin\/bash|c:\\\\?windows\\\\?system32\\\\?cmd)/ nocase
    condition:
        any of them
}

rule words_of_passwords
{
    meta:
        description = "A fixed password or its digest guards the page"
        key = "own-password"
        capability = ""
    strings:
        $php = /md5\s{0,3}\(\s{0,3}\$_(G[E]T|P[O]ST|R[E]QUEST|C[O]OKIE)[^)]{1,40}\)\s{0,3}={2,3}\s{0,3}["']?[0-9a-f$]/ nocase
        $digest = /\$?\w{0,20}(pass|pwd|password|auth)\w{0,10}["'\]]{0,3}\s{0,3}=\s{0,3}["'][0-9a-f]{32}["']/ nocase
        $asp = /(userpass|pwd)\s{0,3}=\s{0,3}"[^" \r\n]{1,40}"\s{0,8}'/ nocase
        $agent = /\$_SERVER\s{0,2}\[["']HTTP_(USER_AGENT|REFERER|COOKIE|ACCEPT\w{0,20})["']\]\s{0,3}={2,3}\s{0,3}["']/ nocase
    condition:
        any of them
}

rule picture_before_code
{
    meta:
        description = "The file begins as a picture and goes on as a page"
        key = "picture"
        capability = ""
    strings:
        $code = /<\?(php|=)|<%|<script[^>]{0,80}(runat|language\s{0,2}=\s{0,2}.?php)/ nocase
    condition:
        $code and (uint32be(0) == 0x47494638 or uint32be(0) == 0x67696638 or uint32be(0) == 0xFFD8FFE0 or uint32be(0) == 0x89504E47 or uint32be(0) == 0x4A464946 or uint16be(0) == 0x424D)
}

rule code_for_another_page
{
    meta:
        description = "Texts of the code hold server code, and a file is written"
        key = "dropper"
        capability = "dropper"
    strings:
        $percent = /["'][^"'\r\n]{0,200}<%[^\r\n]{0,200}(request|e[v]al|e[x]ecute|process|page language|response)/ nocase
        $include = /["']<!--\s{0,4}#include/ nocase
        $php = /["'][^"'\r\n]{0,40}<\?(php)?[^\r\n]{0,200}(\$_(G[E]T|P[O]ST|R[E]QUEST)|e[v]al|s[y]stem|e[x]ec|base64)/ nocase
        $write = /(WriteAllText|WriteAllBytes|StreamWriter|CreateText|CreateTextFile|FileOutputStream|FileWriter|file_put_contents|fwrite|fputs|SaveToFile|RandomAccessFile)/ nocase
    condition:
        any of ($percent, $php, $include) and $write
}

rule page_dumps_database
{
    meta:
        description = "The tables of a database are listed and written out whole"
        key = "dumper"
        capability = "sql"
    strings:
        $php = /<\?(php|=|[ \t\r\n])/ nocase
        $driver = /(DriverManager\.getConnection|new\s{1,4}(SqlConnection|OleDbConnection|OracleConnection|MySqlConnection)|adodb\.connection)/ nocase
        $tables = /(show\s{1,3}tables|information_schema\.(tables|columns)|\b(user|all)_tables\b|\bsysobjects\b|\.getTables\s{0,3}\(|\b(user|all)_tab_comments\b|show\s{1,3}create\s{1,3}table|GetOleDbSchemaTable|\.GetSchema\s{0,3}\(|openschema)/ nocase
        $all = /select\s{1,3}\*\s{1,3}from\s{1,3}[\[`]?["']\s{0,3}[+&]/ nocase
        $insert = /["']\s{0,3}insert\s{1,3}into\s{1,3}["']?\s{0,3}[+&]/ nocase
    condition:
        not $php and $driver and ($tables or #all > 1 or $insert) and $all
}
