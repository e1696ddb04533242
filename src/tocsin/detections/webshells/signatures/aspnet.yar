/*
  ASP.NET pages, handlers, services, configuration.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule net_starts_shell
{
    meta:
        description = "A command interpreter is started and its output taken"
        key = "command-shell"
        capability = "command"
    strings:
        $start = /\b(ProcessStartInfo|Process\.S[t]art|StartInfo|System\.Diagnostics)\b/ nocase
        $output = /(RedirectStandardOutput|StandardOutput|UseShellExecute)/ nocase
        $shell = /(cmd(\.exe)?["' ]|cmd\.exe|powershell|%comspec%|\/c )/ nocase
    condition:
        $start and $output and $shell
}

rule net_starts_from_form
{
    meta:
        description = "A program is started with what a form or the query brings"
        key = "command-request"
        capability = "command"
    strings:
        $start = /\b(ProcessStartInfo|Process\.S[t]art|StartInfo)\b/ nocase
        $output = /(RedirectStandardOutput|StandardOutput)/ nocase
        $source = /(\bRequest\s{0,4}[.\[(]|\w\.Text\b|\bQueryString\b|ParseQueryString|\.Form\b)/ nocase
    condition:
        all of them
}

rule net_loads_bytes
{
    meta:
        description = "An assembly is loaded from bytes that are decoded or decrypted"
        key = "load-bytes"
        capability = "assembly-load"
    strings:
        $load = /\b(Assembly|AppDomain|CurrentDomain)\s{0,4}\.\s{0,4}L[o]ad\s{0,4}\(/ nocase
        $by_name = /GetMethod\s{0,4}\(\s{0,4}["'@]{1,2}L[o]ad["']/ nocase
        $bytes = /(FromBase64Strin[g]|CreateDecryptor|BinaryRead|InputStream|FromBase64)/ nocase
        $start = /(CreateInstance|EntryPoint|Invoke|\.Equals\s{0,4}\()/ nocase
    condition:
        any of ($load, $by_name) and $bytes and $start
}

rule net_decrypts_request
{
    meta:
        description = "The body or a value of the request is decrypted"
        key = "decrypt-request"
        capability = "assembly-load"
    strings:
        $crypt = /(CreateDecryptor|RijndaelManaged|AesManaged|Aes\.Create|TransformFinalBlock|DESCryptoServiceProvider)/ nocase
        $body = /(BinaryRead\s{0,4}\(|Request\s{0,4}\.\s{0,4}InputStream|FromBase64Strin[g]\s{0,4}\([^;]{0,60}Request)/ nocase
    condition:
        all of them
}

rule net_compiles_text
{
    meta:
        description = "Source text is compiled and called"
        key = "compile"
        capability = "eval"
    strings:
        $compile = /(CompileAssemblyFrom(Source|Dom|File)|CSharpCodeProvider|VBCodeProvider|JScriptCodeProvider)/ nocase
        $call = /(\.Invoke\s{0,4}\(|InvokeMember|CreateInstance|GenerateInMemory)/ nocase
        $source = /(\bRequest\s{0,4}[.\[(]|\w\.Text\b|InputStream)/ nocase
    condition:
        all of them
}

rule net_script_in_transformation
{
    meta:
        description = "A style sheet with script is put together and applied"
        key = "xslt-script"
        capability = "xslt-script"
    strings:
        $script = /<\s{0,2}ms[x]sl:script/ nocase
        $space = "urn:schemas-microsoft-com:xslt" nocase
        $apply = /(TransformNode|XslCompiledTransform|XslTransform|TrustedXslt|EnableScript\s{0,4}=\s{0,4}true)/ nocase
    condition:
        ($script or $space) and $apply
}

rule net_keys
{
    meta:
        description = "The page reads the keys that sign view state and tickets"
        key = "machine-key"
        capability = "key-theft"
    strings:
        $section = /MachineKeySection/ nocase
        $member = /(ValidationKey|DecryptionKey|GetApplicationConfig)/ nocase
    condition:
        all of them
}

rule net_ghost_page
{
    meta:
        description = "Pages are registered that lie in no file"
        key = "ghost-page"
        capability = "ghost-page"
    strings:
        $provider = /:\s{0,4}(System\.Web\.Hosting\.)?VirtualPathProvider\b/ nocase
        $register = /RegisterVirtualPathProvider/ nocase
        $filter = /(GlobalFilters\.Filters\.Add|RouteTable\.Routes\.(Insert|Add))\s{0,4}\([^;]{0,60}new/ nocase
        $listener = /new\s{1,4}(System\.Net\.)?HttpListener\s{0,4}\(/ nocase
    condition:
        $register or $provider or $filter or $listener
}

rule net_ghost_provider
{
    meta:
        description = "A page brings its own provider of pages and registers it: they lie in no file"
        key = "ghost-provider"
        capability = "ghost-page"
    strings:
        $provider = /(:|\bInherits)\s{1,4}(System\.Web\.Hosting\.)?VirtualPathProvider\b/ nocase
        $register = /RegisterVirtualPathProvider/ nocase
    condition:
        all of them
}

rule net_native
{
    meta:
        description = "Memory is made executable and run, or native functions start programs"
        key = "native-code"
        capability = "assembly-load"
    strings:
        $alloc = /(VirtualAlloc|VirtualProtect|CreateThread|GetDelegateForFunctionPointer|WriteProcessMemory)/
        $user = /(LogonUser[AW]?|ImpersonateLoggedOnUser|CreateProcessAsUser|CreateProcessWithTokenW|DuplicateTokenEx)\s{0,4}\(/
    condition:
        any of them
}

rule net_writes_request
{
    meta:
        description = "A value of the request is written into a file of the request's choice"
        key = "write-request"
        capability = "file-write"
    strings:
        $static = /(WriteAll(Text|Bytes|Lines)|AppendAllText)\s{0,4}\([^;]{0,160}\bRequest\b/ nocase
        $writer = /new\s{1,4}(System\.IO\.)?StreamWriter\s{0,4}\([^;\r\n]{0,80}\bRequest\b/ nocase
        $saves = /\.SaveAs\s{0,4}\([^;\r\n]{0,100}\bRequest\s{0,4}[\[(.]/ nocase
        $create = /File\s{0,3}\.\s{0,3}(Create|CreateText|OpenWrite|Open|AppendText)\s{0,4}\([^;\r\n]{0,60}\bRequest\b/ nocase
    condition:
        any of them
}

rule net_maps_configuration
{
    meta:
        description = "A configuration file lets an uncommon kind of file be run"
        key = "config-map"
        capability = "config-map"
    strings:
        $config = /<configuration\b/ nocase
        $map = /<add\b[^>]{0,300}path\s{0,2}=\s{0,2}["'][^"'>]{0,40}\.(config|jpe?g|png|gif|txt|ico|log|bak)["'][^>]{0,400}(asp\.dll|aspnet_isapi|PageHandlerFactory|SimpleHandlerFactory|php-cgi|CgiModule)/ nocase
        $turned = /<add\b[^>]{0,400}(asp\.dll|aspnet_isapi|PageHandlerFactory|SimpleHandlerFactory|php-cgi)[^>]{0,300}path\s{0,2}=\s{0,2}["'][^"'>]{0,40}\.(config|jpe?g|png|gif|txt|ico|log|bak)["']/ nocase
        $build = /<add\b[^>]{0,120}extension\s{0,2}=\s{0,2}["']\.(config|jpe?g|png|gif|txt|ico|log|bak)["'][^>]{0,200}(PageBuildProvider|WebHandlerBuildProvider|WebServiceBuildProvider)/ nocase
        $code = /<%[^>]{0,400}(request|createobject|server\.|e[v]al|e[x]ecute)/ nocase
    condition:
        $config and any of ($map, $turned, $build, $code)
}

rule net_search_of_machine
{
    meta:
        description = "The page lists drives, processes, services, accounts or the registry of the machine"
        key = "machine-survey"
        capability = "file-read"
    strings:
        $drives = /(GetLogicalDrives|DriveInfo\.GetDrives)/ nocase
        $processes = /Process\.GetProcesses\b/ nocase
        $services = /(Win32_(Process|Service|UserAccount|LogicalDisk|ComputerSystem)|ServiceController\.GetServices|ManagementObjectSearcher)/ nocase
        $accounts = /WinNT:\/\// nocase
        $registry = /Registry\.(LocalMachine|CurrentUser|GetValue)/ nocase
        $files = /(Directory(Info)?\.Get(Files|Directories)|GetFileSystemEntries|\.GetDirectories\s{0,4}\(|\.GetFiles\s{0,4}\()/ nocase
    condition:
        2 of them
}
