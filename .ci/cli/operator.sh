# Search attributes, namespaces and the server itself.

attribute="Cli${me//[^0-9]/}"
temporal operator search-attribute create --name "$attribute" --type Keyword --
eventually operator search-attribute list -- "$attribute +Keyword"
temporal operator search-attribute remove --name "$attribute" --yes --

temporal operator namespace create -n "$me" --description 'of a script' --
eventually operator namespace describe -n "$me" -- "$me" 'of a script' Registered
temporal operator namespace update -n "$me" --description 'changed' --
eventually operator namespace describe -n "$me" -- changed
temporal operator namespace list -- "$me" default
temporal operator namespace delete -n "$me" --yes --
temporal operator cluster health -- SERVING
temporal operator cluster system -- '1\.32'
