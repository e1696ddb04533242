Name                            : OAB (Default Web Site)
PollInterval                    : 480
OfflineAddressBooks             : 
RequireSSL                      : True
BasicAuthentication             : False
WindowsAuthentication           : True
MetabasePath                    : IIS://mail01.contoso.example/W3SVC/1/ROOT/OAB
Path                            : C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\OAB
AdminDisplayVersion             : Version 15.1 (Build 2106.2)
Server                          : MAIL01
InternalUrl                     : https://mail01.contoso.example/OAB
ExternalUrl                     : http://f/
ObjectClass                     : top
WhenChanged                     : 3/3/2021 7:49:57 AM
WhenCreated                     : 11/12/2020 10:02:11 AM
WhenChangedUTC                  : 3/3/2021 6:49:57 AM
WhenCreatedUTC                  : 11/12/2020 9:02:11 AM
IsValid                         : True
