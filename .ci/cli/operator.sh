# Search attributes, namespaces and the server itself.

attribute="Cli${me//[^0-9]/}"
temporal operator search-attribute create --name "$attribute" --type Keyword -- \
    'Search attributes have been added'
eventually operator search-attribute list -- "$attribute +Keyword"
temporal operator search-attribute remove --name "$attribute" --yes -- \
    'Search attributes have been removed'

temporal operator namespace create -n "$me" --description 'of a script' -- \
    "Namespace $me successfully registered"
refuses 'already' operator namespace create -n "$me"
eventually operator namespace describe -n "$me" -- "Name +$me" 'Description +of a script' \
    'State +Registered'
temporal operator namespace update -n "$me" --description 'changed' -- \
    "Namespace $me update succeeded"
eventually operator namespace describe -n "$me" -- 'Description +changed'
temporal operator namespace list -- "Name +$me" 'Name +default'
temporal operator namespace delete -n "$me" --yes -- "Namespace $me has been deleted"
eventually_refuses 'not found' operator namespace describe -n "$me"

temporal operator cluster health -- SERVING
temporal operator cluster system -- '1\.32'
temporal operator cluster describe -- 'active'
