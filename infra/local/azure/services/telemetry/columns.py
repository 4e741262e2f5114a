"""The columns of the workspace's tables, by the names of Azure Monitor's table reference."""

# Column -> DuckDB's type for it.
_ALL = {"TenantId": "VARCHAR", "TimeGenerated": "TIMESTAMP", "Type": "VARCHAR", "_ResourceId": "VARCHAR"}
_APP = {
    **_ALL,
    "AppRoleName": "VARCHAR",
    "OperationId": "VARCHAR",
    "Properties": "JSON",
    "ItemCount": "INTEGER",
}
COLUMNS: dict[str, dict[str, str]] = {
    "AppRequests": {
        **_APP,
        "Name": "VARCHAR",
        "Url": "VARCHAR",
        "ResultCode": "VARCHAR",
        "Success": "BOOLEAN",
        "DurationMs": "DOUBLE",
        "UserId": "VARCHAR",
        "ClientIP": "VARCHAR",
    },
    "AppTraces": {**_APP, "Message": "VARCHAR", "SeverityLevel": "INTEGER"},
    "AppMetrics": {**_APP, "Name": "VARCHAR", "Sum": "DOUBLE", "Min": "DOUBLE", "Max": "DOUBLE"},
    "AppAvailabilityResults": {
        **_APP,
        "Name": "VARCHAR",
        "Location": "VARCHAR",
        "Success": "BOOLEAN",
        "DurationMs": "DOUBLE",
        "Message": "VARCHAR",
    },
    "AppDependencies": {
        **_APP,
        "Name": "VARCHAR",
        "Target": "VARCHAR",
        "Success": "BOOLEAN",
        "DurationMs": "DOUBLE",
    },
    "AmlComputeJobEvent": {
        **_ALL,
        "EventType": "VARCHAR",
        "JobName": "VARCHAR",
        "ClusterName": "VARCHAR",
        "WorkspaceName": "VARCHAR",
        "JobErrorMessage": "VARCHAR",
    },
    "SecurityAlert": {
        **_ALL,
        "AlertName": "VARCHAR",
        "DisplayName": "VARCHAR",
        "AlertSeverity": "VARCHAR",
        "ProviderName": "VARCHAR",
        "ProductName": "VARCHAR",
        "SystemAlertId": "VARCHAR",
        "Status": "VARCHAR",
        "CompromisedEntity": "VARCHAR",
        "ResourceId": "VARCHAR",
        "Description": "VARCHAR",
    },
    "SigninLogs": {
        **_ALL,
        "UserPrincipalName": "VARCHAR",
        "UserId": "VARCHAR",
        "IPAddress": "VARCHAR",
        "ResultType": "VARCHAR",
        "ResultDescription": "VARCHAR",
        "AppDisplayName": "VARCHAR",
    },
}
