/*
  PHP pages.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule php_runs_request
{
    meta:
        description = "A value of the request is evaluated or run"
        key = "eval-request"
        capability = "eval"
    strings:
        $direct = /\b(e[v]al|a[s]sert|s[y]stem|s[h]ell_exec|p[a]ssthru|p[o]pen|proc_ope[n]|e[x]ec|pcntl_exec|create_functio[n])\s{0,8}\(\s{0,8}@?(["']{1,2}\s{0,2}\.\s{0,2})?([\w\\]{1,30}\s{0,4}\(\s{0,4}){0,5}@?["']?\s{0,3}\{?\$\{?["']?_?(G[E]T|P[O]ST|R[E]QUEST|C[O]OKIE|S[E]RVER|F[I]LES|H[E]ADERS|HTTP_)/ nocase
        $tick = /(=|echo|print|die|\()\s{0,3}@?`[^`\r\n]{0,60}\$\{?_(G[E]T|P[O]ST|R[E]QUEST|C[O]OKIE|S[E]RVER)/
        $body = /\b(e[v]al|a[s]sert|include|require)(_once)?\b[\s(@]{0,8}["']?(php:\/\/input|data:)/ nocase
        $environment = /\b(e[v]al|a[s]sert|s[y]stem|p[a]ssthru|s[h]ell_exec)\s{0,4}\(\s{0,4}(getenv|getallheaders|apache_request_headers|file_get_contents)\s{0,4}\(/ nocase
    condition:
        any of them
}

rule php_calls_request
{
    meta:
        description = "The request names the function that is called"
        key = "call-request"
        capability = "eval"
    strings:
        $callee = /\$\{?["']?_(G[E]T|P[O]ST|R[E]QUEST|C[O]OKIE|S[E]RVER)["']?\}?\s{0,3}(\[[^\]]{1,60}\]|\{[^}]{1,40}\}){1,3}\s{0,4}\(/
        $callback = /\b(call_user_func(_array)?|array_map|register_(shutdown|tick)_function|forward_static_call(_array)?|ob_start|set_error_handler|header_register_callback)\s{0,4}\(\s{0,4}@?\$_(G[E]T|P[O]ST|R[E]QUEST|C[O]OKIE)/ nocase
        $second = /\b(array_(filter|walk|reduce|walk_recursive)|usort|uasort|uksort|preg_replace_callback|iterator_apply)\s{0,4}\([^,;]{1,60},\s{0,4}@?\$_(G[E]T|P[O]ST|R[E]QUEST|C[O]OKIE)/ nocase
        $named = /\b(array_(map|filter|walk|reduce|walk_recursive|u?diff_u?assoc|udiff|uintersect\w{0,6}|diff_ukey|intersect_ukey|intersect_uassoc|diff_uassoc)|usort|uasort|uksort|call_user_func(_array)?|forward_static_call(_array)?|register_(shutdown|tick)_function|preg_replace_callback|filter_var|mb_ereg_replace_callback)\s{0,4}\([^;]{0,120}["'](a[s]sert|e[v]al|s[y]stem|e[x]ec|p[a]ssthru|s[h]ell_exec|create_function|p[o]pen|base64_decode)["']/ nocase
        $class = /new\s{1,4}Reflection(Function|Method)\s{0,4}\(\s{0,4}\$_/ nocase
    condition:
        any of them
}

rule php_runs_made_text
{
    meta:
        description = "Decoded or unpacked text is evaluated"
        key = "eval-made"
        capability = "eval"
    strings:
        $decode = /\b(e[v]al|a[s]sert|create_functio[n])\s{0,8}\(\s{0,8}(["'?>. ]{0,12}\.\s{0,2})?@?\s{0,4}(trim|strrev|str_rot13|gzinflate|gzuncompress|gzdecode|base64_decode|urldecode|rawurldecode|pack|hex2bin|convert_uudecode|str_replace|stripslashes|mcrypt_decrypt|openssl_decrypt|implode|join|chr|strtr|preg_replace|html_entity_decode|sprintf|unserialize|bzdecompress)\s{0,4}\(/ nocase
        $variable = /\be[v]al\s{0,8}\(\s{0,8}["'?>. ]{0,12}\$[\w{}\[\]'"]{1,40}\s{0,4}\(/ nocase
        $old = /\bpreg_replac[e]\s{0,4}\(\s{0,4}(["'][^"'\r\n]{0,60}[\/|#~)}\]!,;:@%]\w{0,6}e\w{0,6}["']|["']\\x2[fF]|["'][^"'\r\n]{0,40}\\x65["'])/ nocase
        $mb = /\bmb_ereg[i]?_replac[e]\s{0,4}\([^;]{1,120},\s{0,3}["'][a-z]{0,6}e[a-z]{0,6}["']\s{0,3}\)/ nocase
    condition:
        any of them
}

rule php_hidden_name
{
    meta:
        description = "A name of a function is spelled by escapes, pieces or turned letters"
        key = "split-word"
        capability = "eval"
    strings:
        $escapes = /(\\x(4[0-9a-f]|5[0-9af]|6[0-9a-f]|7[0-9a])){5}/ nocase
        $octal = /(\\1[0-7]{2}){5}/
        $pieces = /(["'][a-z_0-9]{1,3}["']\s{0,3}\.\s{0,3}){4}/ nocase
        $chr = /(chr\s{0,2}\([^)]{1,12}\)\s{0,3}\.\s{0,3}){3}/ nocase
        $indexes = /(\$\w{1,20}[\[{]\s{0,2}\d{1,3}\s{0,2}[\]}]\s{0,3}\.\s{0,3}){3}/
        $turned = /(46esab|etalfnizg|ssapmocnuzg|tressa|metsys|cexe_llehs|noitcnuf_etaerc|edoced_46|riny\(|onfr64_qrpbqr|tmvasyngr|nffreg)/ nocase
        $holes = /str_i?replac[e]\s{0,4}\(\s{0,4}["'][^"']{1,8}["']\s{0,3},\s{0,3}(["']{2}|null)\s{0,3},\s{0,3}["'][^"']{6,}["']\s{0,3}\)/ nocase
        $xor = /[=(.]\s{0,3}["'][^"'\r\n,]{1,20}["']\s{0,3}\^\s{0,3}["'][^"'\r\n]{1,20}["']/
        $not = /[=(.]\s{0,3}~\s{0,3}["'\xe0-\xef\x80-\xdf]/
        $globals = /\$\{\s{0,2}["'](\\x|GLOBALS|_)/ nocase
    condition:
        any of them
}

rule php_chars_only
{
    meta:
        description = "Code without letters: names are made from operators"
        key = "no-letters"
        capability = "eval"
    strings:
        $names = /(\$_{1,12}\s{0,2}[.^]?=|\$\{?\$?_{2,12}\}?\s{0,2}[\[(;.]|\$_\[\]\s{0,2}[.=]|\(\$_{1,12}\s{0,3}[.^=])/
        $request = /\$_(G[E]T|P[O]ST|R[E]QUEST|C[O]OKIE|S[E]RVER|S[E]SSION|F[I]LES|E[N]V)\b/
    condition:
        #names > 3 and filesize < 20KB and (#request < 3)
}

rule php_loads_from_net
{
    meta:
        description = "Code is fetched from elsewhere and run or stored"
        key = "fetch-run"
        capability = "eval"
    strings:
        $run = /\b(e[v]al|a[s]sert|include|require)(_once)?\b[\s(@]{1,8}["'?>. ]{0,10}(file_get_contents|curl_exec|fopen|\$\w{1,30}\s{0,2}\(\s{0,2}["']http|["']https?:)/ nocase
        $store = /(file_put_contents|copy)\s{0,4}\([^;]{0,160}(file_get_contents\s{0,4}\(\s{0,4})?["']https?:\/\//  nocase
    condition:
        any of them
}

rule php_program_functions
{
    meta:
        description = "The functions that run programs stand together, one in place of the other"
        key = "command-any"
        capability = "command"
    strings:
        $a = /\bs[h]ell_exec\s{0,4}\(/ nocase
        $b = /\bp[a]ssthru\s{0,4}\(/ nocase
        $c = /[^\w>:]s[y]stem\s{0,4}\(/ nocase
        $d = /[^\w>:]e[x]ec\s{0,4}\(/ nocase
        $e = /\bp[o]pen\s{0,4}\(/ nocase
        $f = /\bproc_ope[n]\s{0,4}\(/ nocase
        $g = /\bpcntl_exec\s{0,4}\(/ nocase
    condition:
        3 of them
}

rule php_survey
{
    meta:
        description = "The page shows what the machine is and what is forbidden on it"
        key = "machine-survey"
        capability = "file-read"
    strings:
        $a = "php_uname" nocase
        $b = "disable_functions" nocase
        $c = "safe_mode" nocase
        $d = /\bopen_basedir\b/ nocase
        $e = /posix_get(pwuid|grgid|uid|euid)/ nocase
        $f = "/etc/passwd"
        $g = /disk_?(free|total)_?space/ nocase
        $h = /\bget_current_user\b/ nocase
        $i = /uname -a/
        $j = /(SERVER_SOFTWARE|SERVER_ADDR)/
        $k = /\bgetmyuid\b/ nocase
    condition:
        3 of them
}

rule php_file_manager
{
    meta:
        description = "Folders are listed, and files shown, changed, sent and deleted by the request's word"
        key = "file-manager"
        capability = "file-write"
    strings:
        $list = /\b(opendir|scandir|readdir|glob)\s{0,4}\(/ nocase
        $rights = /\bfileperms\s{0,4}\(/ nocase
        $change = /\b(chmod|rename|unlink|rmdir|mkdir|touch)\s{0,4}\(/ nocase
        $upload = /\b(move_uploaded_file|copy)\s{0,4}\(\s{0,4}\$_FILES/ nocase
        $edit = /\b(fwrite|fputs|file_put_contents)\s{0,4}\(/ nocase
        $request = /\$_(G[E]T|P[O]ST|R[E]QUEST)\b/
        $form = /<form\b/ nocase
    condition:
        $request and $form and 4 of ($list, $rights, $change, $upload, $edit)
}

rule php_uploader
{
    meta:
        description = "A page that does nothing but save what is sent to it, under the sender's name"
        key = "uploader"
        capability = "file-write"
    strings:
        $save = /\b(move_uploaded_file|copy)\s{0,4}\(\s{0,4}\$_FILES/ nocase
        $name = /\$_FILES\s{0,2}\[[^\]]{1,40}\]\s{0,2}\[\s{0,2}["']?name["']?\s{0,2}\]/ nocase
        $write = /\b(fwrite|fputs|file_put_contents)\s{0,4}\([^;]{0,80}\$_(G[E]T|P[O]ST|R[E]QUEST)/ nocase
    condition:
        filesize < 6KB and (($save and $name) or $write)
}

rule php_binds_or_calls_back
{
    meta:
        description = "A shell is offered on a port, or sent to one"
        key = "back-connect"
        capability = "command"
    strings:
        $perl = /(use\s{1,3}Socket|IO::Socket|SOCK_STREAM)/
        $c = /#include\s{0,2}<(sys\/socket|netinet\/in)\.h>/
        $sh = /\/bin\/(ba)?sh\b/
        $php = /(fsockope[n]|stream_socket_client|socket_create)\s{0,4}\(/ nocase
        $proc = /proc_ope[n]\s{0,4}\(/ nocase
        $dev = /\/dev\/tcp\//
    condition:
        $dev or ($sh and any of ($perl, $c)) or ($sh and $php and $proc)
}

rule php_cloak
{
    meta:
        description = "The page hides from search engines, or pretends that it is not there"
        key = "cloak"
        capability = ""
    strings:
        $robots = /(Googlebot|YandexBot|msnbot|Slurp|ia_archiver|rambler)[^\r\n]{0,160}(Googlebot|YandexBot|msnbot|Slurp|ia_archiver|rambler)/ nocase
        $agent = "HTTP_USER_AGENT"
        $gone = /(header\s{0,3}\(\s{0,3}["']HTTP\/1\.[01]\s{1,2}404|404 Not Found)/ nocase
        $run = /\b(e[v]al|a[s]sert|s[y]stem|s[h]ell_exec|p[a]ssthru)\s{0,4}\(/ nocase
    condition:
        ($robots and $agent and $run) or ($gone and $run)
}

rule php_packed
{
    meta:
        description = "A long encoded text and what unpacks it"
        key = "packed"
        capability = "eval"
    strings:
        $text = /["'][A-Za-z0-9+\/=\\x]{400,}/
        $unpack = /(base64_decode|gzinflate|gzuncompress|str_rot13|strrev|gzdecode|convert_uudecode|edoced_46esab|\\x62\\x61\\x73\\x65|pack\s{0,3}\(|hex2bin)/ nocase
        $run = /(e[v]al\s{0,4}\(|a[s]sert\s{0,4}\(|create_function|preg_replac[e]|\$\w{1,30}\s{0,2}\(|\\x65\\x76\\x61\\x6c|\$\{?["']GLOBALS)/ nocase
    condition:
        all of them
}
