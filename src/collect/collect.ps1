<#
.SYNOPSIS
    Collects what kbwhy can use to tell why an update is "not applicable" to this computer.

.DESCRIPTION
    Reads, and writes one file. It changes no setting, installs nothing, uses no network and no module.

    What it reads:
      registry  Windows version, servicing packages and their states, servicing stack, keys that tell of a pending
                restart, update policies, pauses and safeguard holds, .NET Framework, PowerShell, Internet Explorer,
                Azure Arc agent
      WMI       Win32_QuickFixEngineering, Win32_OptionalFeature, Win32_ServerFeature, Win32_Service,
                SoftwareLicensingProduct
      COM       the last search for updates, the last 1000 entries of the history of Windows Update
      disk      free space, whether the folder of the Update Health Tools is there

    Windows starts the services that answer (WMI, Windows Update, Software Protection) if they are stopped.

    An administrator is not needed. Run as one, it reads all; else the file says what could not be read.

    The file is plain JSON. It names the computer, its update server and the updates that were tried: read it before you
    pass it on.

    Runs in PowerShell 2.0 and later, on Windows 7 and Windows Server 2008 R2 and later.

.PARAMETER Out
    The file to write; a file of that name is replaced.

.EXAMPLE
    powershell -NoProfile -ExecutionPolicy Bypass -File collect.ps1

    Writes kbwhy-COMPUTERNAME.json into the current folder.

.EXAMPLE
    powershell -NoProfile -ExecutionPolicy Bypass -File collect.ps1 -Out C:\Temp\host.json
#>
[CmdletBinding()]
param(
    [string]$Out = ".\kbwhy-$env:COMPUTERNAME.json"
)

$ErrorActionPreference = 'Stop'

if ($ExecutionContext.SessionState.LanguageMode -eq 'ConstrainedLanguage') {
    throw 'PowerShell is restricted here (ConstrainedLanguage), so this script cannot read the registry. ' +
        'Give kbwhy the output of these instead: systeminfo; dism /online /english /get-packages'
}
# 32-bit programs are shown another registry
if ([IntPtr]::Size -eq 4 -and $env:PROCESSOR_ARCHITEW6432) {
    throw 'This is the 32-bit PowerShell of a 64-bit Windows. Run the script with ' +
        "$env:windir\sysnative\WindowsPowerShell\v1.0\powershell.exe"
}

$cbs = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing'
$historyLimit = 1000
$notes = New-Object System.Collections.ArrayList
$collected = New-Object System.Collections.Specialized.OrderedDictionary

# --- Helpers ---------------------------------------------------------------------------------------------------------

# Runs one part. If it fails, the other parts still run and the file says what is missing.
function Read-Part([string]$part, [scriptblock]$read) {
    try { $null = & $read }
    catch { [void]$notes.Add("$part could not be read: $($_.Exception.Message)") }
}

# The values of a key below HKLM whose names match a pattern; $null if there is no such key.
function Get-KeyValue([string]$path, [string]$pattern) {
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($path)
    if ($null -eq $key) { return $null }
    $values = New-Object System.Collections.Specialized.OrderedDictionary
    foreach ($name in $key.GetValueNames()) {
        if ($name -match $pattern) { $values[$name] = $key.GetValue($name) }
    }
    $key.Close()
    return $values
}

function Test-Key([string]$path) {
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($path)
    if ($null -eq $key) { return $false }
    $key.Close()
    return $true
}

# Get-WmiObject is missing from PowerShell 6 and later, Get-CimInstance from PowerShell 2.0.
function Get-Instance([string]$query) {
    if (Get-Command Get-WmiObject -ErrorAction SilentlyContinue) { Get-WmiObject -Query $query }
    else { Get-CimInstance -Query $query }
}

# ConvertTo-Json is missing from PowerShell 2.0. Everything but plain ASCII is escaped.
function Format-JsonString([string]$string) {
    $escape = [System.Text.RegularExpressions.MatchEvaluator] {
        param($match)
        if ('"', '\' -contains $match.Value) { '\' + $match.Value }
        else { '\u' + ([int][char]$match.Value).ToString('x4') }
    }
    return '"' + [regex]::Replace($string, '[^ !#-\[\]-~]', $escape) + '"'
}

function Add-Json([System.Text.StringBuilder]$json, $value, [string]$indent) {
    $inner = "$indent  "
    $separator = "`r`n"
    if ($null -eq $value) { [void]$json.Append('null') }
    elseif ($value -is [bool]) {
        if ($value) { [void]$json.Append('true') } else { [void]$json.Append('false') }
    }
    elseif ($value -is [int] -or $value -is [uint32] -or $value -is [long]) {
        [void]$json.Append($value.ToString([System.Globalization.CultureInfo]::InvariantCulture))
    }
    elseif ($value -is [System.Collections.IDictionary]) {
        [void]$json.Append('{')
        foreach ($name in $value.Keys) {
            [void]$json.Append($separator + $inner + (Format-JsonString $name) + ': ')
            Add-Json $json $value[$name] $inner
            $separator = ",`r`n"
        }
        [void]$json.Append("`r`n$indent}")
    }
    elseif ($value -is [System.Collections.IEnumerable] -and $value -isnot [string]) {
        [void]$json.Append('[')
        foreach ($item in $value) {
            [void]$json.Append($separator + $inner)
            Add-Json $json $item $inner
            $separator = ",`r`n"
        }
        [void]$json.Append("`r`n$indent]")
    }
    else { [void]$json.Append((Format-JsonString $value)) }
}

# --- Registry --------------------------------------------------------------------------------------------------------

Read-Part 'account' {
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $user = New-Object System.Security.Principal.WindowsPrincipal $identity
    $collected['date'] = '{0:s}' -f [System.DateTime]::UtcNow
    $collected['administrator'] = $user.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}

Read-Part 'Windows' {
    $pattern = '^(ProductName|EditionID|InstallationType|CurrentVersion|CurrentBuild|CurrentBuildNumber|' +
        'CurrentMajorVersionNumber|CurrentMinorVersionNumber|UBR|CSDVersion|ReleaseId|DisplayVersion)$'
    $collected['windows'] = Get-KeyValue 'SOFTWARE\Microsoft\Windows NT\CurrentVersion' $pattern
    $machine = Get-KeyValue 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment' '^PROCESSOR_ARCHITECTURE$'
    $collected['architecture'] = $machine['PROCESSOR_ARCHITECTURE']
    $collected['language'] = [System.Globalization.CultureInfo]::InstalledUICulture.Name
}

Read-Part 'pending restart' {
    $update = 'SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update'
    $control = 'SYSTEM\CurrentControlSet\Control'
    $session = Get-KeyValue "$control\Session Manager" '^PendingFileRenameOperations$'
    $active = Get-KeyValue "$control\ComputerName\ActiveComputerName" '^ComputerName$'
    $next = Get-KeyValue "$control\ComputerName\ComputerName" '^ComputerName$'
    $pending = New-Object System.Collections.Specialized.OrderedDictionary
    $pending['component_servicing'] = Test-Key "$cbs\RebootPending"
    $pending['windows_update'] = Test-Key "$update\RebootRequired"
    $pending['file_renames'] = $session.Count -gt 0
    $pending['computer_rename'] = $active['ComputerName'] -ne $next['ComputerName']
    $collected['pending_restart'] = $pending
}

Read-Part 'servicing stack' { $collected['servicing_stack'] = Get-KeyValue "$cbs\Version" '^\d' }

Read-Part 'servicing packages' {
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey("$cbs\Packages")
    $packages = New-Object System.Collections.Specialized.OrderedDictionary
    $unread = 0
    foreach ($name in $key.GetSubKeyNames()) {
        # updates, and the one package that every store has; the thousands of others are the parts of Windows itself
        if ($name -notlike 'Package_*' -and $name -notlike 'Microsoft-Windows-Foundation-Package~*') { continue }
        try {
            $package = $key.OpenSubKey($name)
            $packages[$name] = $package.GetValue('CurrentState')
            $package.Close()
        }
        catch { $unread++ }
    }
    $key.Close()
    $collected['packages'] = $packages
    $collected['packages_unread'] = $unread
}

Read-Part '.NET Framework' {
    $setup = 'SOFTWARE\Microsoft\NET Framework Setup\NDP'
    $dotnet = New-Object System.Collections.Specialized.OrderedDictionary
    foreach ($name in 'v4\Full', 'v4\Client', 'v3.5') {
        $dotnet[$name] = Get-KeyValue "$setup\$name" '^(Install|Release|Version)$'
    }
    $collected['dotnet'] = $dotnet
}

Read-Part 'PowerShell' {
    $engines = New-Object System.Collections.Specialized.OrderedDictionary
    $engines['v3'] = Get-KeyValue 'SOFTWARE\Microsoft\PowerShell\3\PowerShellEngine' '^PowerShellVersion$'
    $engines['v1'] = Get-KeyValue 'SOFTWARE\Microsoft\PowerShell\1\PowerShellEngine' '^PowerShellVersion$'
    $collected['powershell'] = $engines
}

Read-Part 'Internet Explorer' {
    $collected['internet_explorer'] = Get-KeyValue 'SOFTWARE\Microsoft\Internet Explorer' '^(svcVersion|Version)$'
}

Read-Part 'Azure Arc agent' {
    $collected['azure_arc_agent'] = Test-Key 'SYSTEM\CurrentControlSet\Services\himds'
}

Read-Part 'update policies' {
    $update = 'SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate'
    $managed = 'SOFTWARE\Microsoft\PolicyManager\current\device\Update'
    $policies = New-Object System.Collections.Specialized.OrderedDictionary
    $policies['group_policy'] = Get-KeyValue $update '.'
    $policies['automatic_updates'] = Get-KeyValue "$update\AU" '.'
    $policies['device_management'] = Get-KeyValue $managed '^[^_]+$'
    $policies['settings'] = Get-KeyValue 'SOFTWARE\Microsoft\WindowsUpdate\UX\Settings' '^(Pause|Defer)'
    $policies['pause_status'] = Get-KeyValue 'SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\Settings' '^Paused'
    # the policies as Windows Update resolved them
    $pattern = '^(UseUpdateClassPolicySource|SetPolicyDrivenUpdateSource|DisableDualScan|IsWUfB|IsDeferral)'
    $policies['resolved'] = Get-KeyValue 'SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\PolicyState' $pattern
    $collected['policies'] = $policies
}

Read-Part 'safeguard holds' {
    $flags = 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\TargetVersionUpgradeExperienceIndicators'
    $holds = New-Object System.Collections.Specialized.OrderedDictionary
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($flags)
    if ($null -ne $key) {
        foreach ($name in $key.GetSubKeyNames()) {
            $hold = Get-KeyValue "$flags\$name" '^GatedBlockId$'
            $holds[$name] = $hold['GatedBlockId']
        }
        $key.Close()
    }
    $collected['safeguard_holds'] = $holds
}

Read-Part 'Update Health Tools' {
    $folder = "$env:ProgramFiles\Microsoft Update Health Tools"
    $collected['update_health_tools'] = [System.IO.Directory]::Exists($folder)
}

Read-Part 'free space' {
    $collected['free_space'] = (New-Object System.IO.DriveInfo($env:SystemDrive)).TotalFreeSpace
}

# --- WMI -------------------------------------------------------------------------------------------------------------

Read-Part 'list of updates' {
    $rows = @(Get-Instance 'SELECT HotFixID FROM Win32_QuickFixEngineering')
    $collected['quick_fix'] = @($rows | ForEach-Object { $_.HotFixID })
}

Read-Part 'features' {
    $features = New-Object System.Collections.Specialized.OrderedDictionary
    foreach ($row in @(Get-Instance 'SELECT Name, InstallState FROM Win32_OptionalFeature')) {
        $features[$row.Name] = $row.InstallState
    }
    $collected['features'] = $features
}

# only servers have the class
if ($collected['windows'] -and $collected['windows']['InstallationType'] -like 'Server*') {
    Read-Part 'roles' {
        $roles = New-Object System.Collections.ArrayList
        foreach ($row in @(Get-Instance 'SELECT ID, Name FROM Win32_ServerFeature')) {
            $role = New-Object System.Collections.Specialized.OrderedDictionary
            $role['id'] = $row.ID
            $role['name'] = $row.Name
            [void]$roles.Add($role)
        }
        $collected['roles'] = $roles
    }
}

Read-Part 'services' {
    $rows = @(Get-Instance ("SELECT Name, State, StartMode FROM Win32_Service WHERE Name = 'wuauserv'" +
        " OR Name = 'BITS' OR Name = 'CryptSvc' OR Name = 'TrustedInstaller'" +
        " OR Name = 'WsusService' OR Name = 'W3SVC'"))
    $services = New-Object System.Collections.Specialized.OrderedDictionary
    foreach ($row in $rows) {
        $service = New-Object System.Collections.Specialized.OrderedDictionary
        $service['state'] = $row.State
        $service['start'] = $row.StartMode
        $services[$row.Name] = $service
    }
    $collected['services'] = $services
}

Read-Part 'licences for Extended Security Updates' {
    # LicenseStatus 1 is licensed
    $rows = @(Get-Instance "SELECT Name FROM SoftwareLicensingProduct WHERE Name LIKE '%-ESU-%' AND LicenseStatus = 1")
    $collected['esu_licences'] = @($rows | ForEach-Object { $_.Name })
}

# --- Windows Update --------------------------------------------------------------------------------------------------

Read-Part 'last search for updates' {
    $collected['last_scan'] = $null
    $found = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results.LastSearchSuccessDate
    if ($found) { $collected['last_scan'] = '{0:s}' -f $found }
}

Read-Part 'history of Windows Update' {
    $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
    $total = $searcher.GetTotalHistoryCount()
    $history = New-Object System.Collections.ArrayList
    # asked for no entries, it fails
    if ($total -gt 0) {
        foreach ($entry in $searcher.QueryHistory(0, [Math]::Min($total, $historyLimit))) {
            $row = New-Object System.Collections.Specialized.OrderedDictionary
            $row['title'] = $entry.Title
            $row['date'] = '{0:s}' -f $entry.Date
            $row['operation'] = [int]$entry.Operation
            $row['result'] = [int]$entry.ResultCode
            $row['hresult'] = [int]$entry.HResult
            [void]$history.Add($row)
        }
    }
    $collected['history'] = $history
    $collected['history_total'] = [int]$total
}

# --- The file --------------------------------------------------------------------------------------------------------

$document = New-Object System.Collections.Specialized.OrderedDictionary
$document['schema'] = 'kbwhy/host/1'
$document['name'] = $env:COMPUTERNAME
$document['collected'] = $collected
$document['notes'] = $notes
$json = New-Object System.Text.StringBuilder
Add-Json $json $document ''
[void]$json.Append("`r`n")

# .NET has a current folder of its own
$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Out)
[System.IO.File]::WriteAllText($path, $json.ToString())
foreach ($note in $notes) { Write-Warning $note }
Write-Output $path
