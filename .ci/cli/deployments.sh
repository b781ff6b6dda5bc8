# Worker deployments, their versions, and what is current. Deployments have no workers here.

deployment="$me-deployment"
named=(--deployment-name "$deployment")
temporal worker deployment create --name "$deployment" -- Successfully
temporal worker deployment describe --name "$deployment" -- "Name +$deployment"
temporal worker deployment set-current-version "${named[@]}" --build-id 1 --allow-no-pollers --yes -- \
    Successfully
temporal worker deployment describe --name "$deployment" -- 'CurrentVersionBuildID +1'
temporal worker deployment describe-version "${named[@]}" --build-id 1 -- 'BuildID +1' CurrentSinceTime
eventually worker deployment list -- "$deployment .* $deployment +1"
temporal worker deployment set-ramping-version "${named[@]}" --build-id 2 --percentage 10 \
    --allow-no-pollers --yes -- Successfully
temporal worker deployment describe --name "$deployment" -- 'RampingVersionPercentage +10'
temporal worker deployment update-version-metadata "${named[@]}" --build-id 2 \
    --metadata 'note="of a script"' --
temporal worker deployment manager-identity set "${named[@]}" --self --yes -- Successfully
temporal worker deployment manager-identity unset "${named[@]}" --yes -- Successfully
refuses 'current or ramping' worker deployment delete-version "${named[@]}" --build-id 2
refuses 'has versions' worker deployment delete --name "$deployment"
temporal worker deployment set-ramping-version "${named[@]}" --build-id "" --delete --yes -- Successfully
temporal worker deployment set-current-version "${named[@]}" --unversioned --yes -- Successfully
# A version that has just been routed elsewhere may not know that yet.
for build in 1 2; do
    eventually worker deployment delete-version "${named[@]}" --build-id $build --skip-drainage -- \
        Successfully
done
eventually worker deployment delete --name "$deployment" -- Successfully
refuses 'no Worker Deployment found' worker deployment describe --name "$deployment"
