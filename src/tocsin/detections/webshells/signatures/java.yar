/*
  JSP pages and documents.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule jsp_runs_parameter
{
    meta:
        description = "A value of the request is run as a program"
        key = "command-request"
        capability = "command"
    strings:
        $direct = /\.\s{0,4}e[x]ec\s{0,4}\([^;]{0,200}getParameter/
        $run = /(getRuntime\s{0,4}\(\s{0,4}\)|\bRuntime\b[^;]{0,80}|\brt|\brun(time)?)\s{0,4}\.\s{0,4}e[x]ec\s{0,4}\(/ nocase
        $builder = /new\s{1,4}(java\.lang\.)?P[r]ocessBuilder\s{0,4}\(/
        $source = /\brequest\s{0,4}\)?\s{0,4}\.\s{0,4}(getParameter|getHeader|getInputStream|getReader|getQueryString|getCookies|getPart)/ nocase
    condition:
        $direct or (any of ($run, $builder) and $source)
}

rule jsp_runs_program
{
    meta:
        description = "The page starts a program"
        key = "command"
        capability = "command"
    strings:
        $run = /getRuntime\s{0,4}\(\s{0,4}\)\s{0,4}\.\s{0,4}e[x]ec\s{0,4}\(/
        $builder = /new\s{1,4}(java\.lang\.)?P[r]ocessBuilder\s{0,4}\(/
        $hidden = /(ProcessImpl|UNIXProcess|forkAndExec|java\.lang\.Runtime["'])/
        $expression = /new\s{1,4}(java\.beans\.)?(Expression|Statement)\s{0,4}\([^;]{0,200}["'](e[x]ec|start)["']/
    condition:
        any of them
}

rule jsp_defines_class
{
    meta:
        description = "A class is defined from bytes"
        key = "load-bytes"
        capability = "assembly-load"
    strings:
        $define = /\bd[e]fine(Class|AnonymousClass|HiddenClass)\b/
        $loader = /extends\s{1,4}(java\.lang\.)?(ClassLoader|URLClassLoader|SecureClassLoader)\b/
        $url = /new\s{1,4}(java\.net\.)?URLClassLoader\s{0,4}\(/
        $bytes = /(BASE64Decoder|getDecoder|Base64|doFinal|decodeBuffer|getInputStream|getReader|getParameter|openStream|"yv66)/
        $text = /["'](d[e]fine["']\s{0,3}\+|d[e]fineClass["'])/
    condition:
        ($define or $text or $url or $loader) and $bytes
}

rule jsp_decrypts_request
{
    meta:
        description = "The body or a value of the request is decrypted"
        key = "decrypt-request"
        capability = "assembly-load"
    strings:
        $crypt = /Cipher\s{0,4}\.\s{0,4}getInstance\s{0,4}\(/
        $key = /SecretKeySpec/
        $body = /(getReader\s{0,4}\(\s{0,4}\)|getInputStream\s{0,4}\(\s{0,4}\)|getParameter\s{0,4}\()/
    condition:
        all of them
}

rule jsp_evaluates
{
    meta:
        description = "A script, expression or template language evaluates text at run time"
        key = "script-host"
        capability = "eval"
    strings:
        $engine = /(ScriptEngineManager|getEngineBy(Name|Extension|MimeType)|ELProcessor|GroovyShell|SpelExpressionParser|jshell\.JShell|ExpressionFactory\.newInstance|Ognl\.|bsh\.Interpreter|javax\.el\.)/
        $el = /[$#]\{[^}]{0,400}(getClass|forName|getRuntime|e[x]ec\s{0,2}\(|ScriptEngine|\["class"\]|pageContext\.(request|servletContext)\.[a-z.]{0,40}classLoader)/ nocase
        $objects = /new\s{1,4}(java\.beans\.)?XMLDecoder\s{0,4}\(/
        $compile = /(getSystemJavaCompiler|com\.sun\.tools\.javac)/
    condition:
        any of them
}

rule jsp_writes_parameter
{
    meta:
        description = "A value of the request is written into a file of the request's choice"
        key = "write-request"
        capability = "file-write"
    strings:
        $stream = /new\s{1,4}(java\.io\.)?(FileOutputStream|FileWriter|RandomAccessFile|PrintWriter|FileHandler)\s{0,4}\([^;]{0,200}getParameter/
        $file = /new\s{1,4}(java\.io\.)?File\s{0,4}\([^;]{0,160}getParameter/
        $write = /(FileOutputStream|FileWriter|RandomAccessFile|transferTo|Files\.write)/
    condition:
        $stream or ($file and $write)
}

rule jsp_memory_shell
{
    meta:
        description = "A filter, servlet, listener or valve is added to the running server"
        key = "memory-shell"
        capability = "assembly-load"
    strings:
        $context = /(StandardContext|ApplicationContextFacade|ApplicationContext)\b/
        $field = /getDeclaredField\s{0,4}\(/
        $add = /(addFilterDef|addFilterMap|addServletMappingDecoded|addApplicationEventListener|addValve|createWrapper|addInterceptor|registerMapping)/
    condition:
        $add and ($context or $field)
}

rule jsp_reflection_from_text
{
    meta:
        description = "Classes and methods are found by words that the page puts together"
        key = "reflection"
        capability = "assembly-load"
    strings:
        $name = /(forName|loadClass)\s{0,4}\(\s{0,4}(new\s{1,4}String|[a-zA-Z_]\w{0,30}\s{0,4}\(|["'][^"']{0,30}["']\s{0,3}\+)/
        $method = /get(Declared)?Method\s{0,4}\(\s{0,4}(new\s{1,4}String|[a-zA-Z_]\w{0,30}\s{0,4}\(|["'][^"']{0,20}["']\s{0,3}\+)/
        $invoke = /\.\s{0,4}invoke\s{0,4}\(/
    condition:
        any of ($name, $method) and $invoke
}
