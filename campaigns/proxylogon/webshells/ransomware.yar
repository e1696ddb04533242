/*
  Traces of the ransomware that followed the web shells, as far as they lie below a web root.
  Author: Tocsin contributors. Licence: Apache-2.0
*/

rule file_encrypted_by_dearcry
{
    meta:
        author = "Tocsin contributors"
        description = "File begins with the mark that DearCry writes before what it encrypts"
        licence = "Apache-2.0"
        means = "compromised"
        content = "inert"
        rung = "ransomware"
    strings:
        $mark = { 44 45 41 52 43 52 59 21 }
    condition:
        $mark at 0
}
