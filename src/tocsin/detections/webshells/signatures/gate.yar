/*
  The gate: a file that meets none of these holds nothing that could act, and is not parsed.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule gate_code
{
    meta:
        description = "Code that a server would run stands in the file"
        key = "gate"
        capability = ""
    strings:
        $percent = /<\s?%[^-]/
        $runat = /<\s{0,4}(script|object)\b[^>]{0,300}runat/ nocase
        $php = /<\?(php|=|[ \t\r\n])/ nocase
        $script = /<script[^>]{0,80}language\s{0,4}=\s{0,4}.?php/ nocase
        $jsp = /<jsp:|xmlns:jsp/ nocase
        $razor = /@(\{|functions|using|code|model)/ nocase
        $el = /[$#]\{/
        $xslt = "msxsl:script" nocase
        $handlers = /<(handlers|httpHandlers|buildProviders|compilers)\b/ nocase
        $service = /@\s{0,4}(WebHandler|WebService|ServiceHost|Application)\b/ nocase
        $cf = /<cf[a-z]{2,}/ nocase
    condition:
        any of them
}

rule gate_word
{
    meta:
        description = "A word stands in the file without which nothing can be run, loaded, written or sent"
        key = "gate"
        capability = ""
    strings:
        $eval = /\b(e[v]al|e[x]ecute(global|statement)?|assert|addcode)\b/ nocase
        $object = /(createobject|activexobject|classid|progid|getobject)/ nocase
        $process = /(process|runtime|\.exec\b|e[x]ec\s{0,4}\(|shellexecute|winexec|powershell|cmd\.exe)/ nocase
        $reflect = /(assembly|invoke|reflection|getmethod|defineclass|classloader|forname|activator|gettype\s{0,4}\()/ nocase
        $write = /(saveas|writealltext|writeallbytes|writealllines|streamwriter|filestream|file(info)?\.(create|open|copy|move|append|delete)|createtext|opentextfile|savetofile|transferto|fileoutputstream|filewriter|files\.(write|copy)|randomaccessfile|file_put_contents|fwrite|fputs|move_uploaded_file|copy\s{0,4}\()/ nocase
        $read = /(readalltext|readallbytes|streamreader|getfiles|getdirectories|directoryinfo|writefile|transmitfile|fileinputstream|listfiles|readfile|file_get_contents|opendir|scandir|fopen)/ nocase
        $net = /(socket|tcpclient|webrequest|webclient|downloadfile|downloadstring|xmlhttp|url\s{0,4}\(|httplistener|curl_)/ nocase
        $sql = /(sqlconnection|oledbconnection|odbcconnection|commandtext|sqlcommand|adodb|drivermanager|mysql_|mysqli|pg_connect)/ nocase
        $key = /(machinekey|virtualpathprovider|validationkey|trustedxslt|xslcompiledtransform|xsltransform|transformnode|deserialize|readobject)/ nocase
        $script = /(scriptengine|elprocessor|groovyshell|\bogn[l]\b|jshell|javascript:|xmldecoder|beanshell|parseexpression)/ nocase
        $php_call = /\$[a-z_\x80-\xff][\w\x80-\xff]{0,60}(\[[^\]]{0,60}\]|\{[^}]{0,40}\}){0,3}\s{0,4}\(/ nocase
        $php_name = /(\$\{|\$\$|\$GLOBALS|`[^`\r\n]{1,200}`|include|require|preg_replace|create_function|call_user|array_|usort|ob_start|register_|unserialize|phpinfo|passthru|system|popen|proc_open|mail\s{0,4}\(|base64|gzinflate|str_rot13|chr\s{0,2}\()/ nocase
        $odd = /(\.\s{0,2}\$_{1,12}\b|\]\s{0,2}\(|\)\s{0,2}\()/
        $import = /(DllImport|VirtualAlloc|Declare\s{1,4}(Auto\s{1,4})?(Function|Sub))/ nocase
        $map = /(scriptProcessor|type=.System\.Web\.|verb=)/ nocase
        $cf = /(cfexecute|cffile|cfobject|cfquery|cfhttp|cfdirectory|cfregistry)/ nocase
    condition:
        any of them
}
