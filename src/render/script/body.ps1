
$ErrorActionPreference = 'Stop'
$System = Join-Path $env:SystemRoot 'System32'
# only administrators write here: what is run after a restart must not be anyone's to change
$Place = Join-Path $env:SystemRoot 'Logs\kbwhy'
$Log = Join-Path $Place "plan-$PlanId.log"
$StateFile = Join-Path $Place "plan-$PlanId.ps1.state"
$Copy = Join-Path $Place "plan-$PlanId.ps1"
$Task = "kbwhy plan $PlanId"
$Self = $MyInvocation.MyCommand.Path

function Write-Log([string]$Text) {
    $line = (Get-Date).ToString('s') + '  ' + $Text
    Write-Host $line
    if (-not $WhatIf) { [System.IO.File]::AppendAllText($Log, $line + "`r`n") }
}

function Stop-Plan([string]$Text, [int]$Code) {
    Write-Log $Text
    exit $Code
}

# exit codes are signed: wusa's 0x80240017 is -2145124329 here, DISM's 0x800F081E -2146498530
function Invoke-Program([string]$Path, [string]$Line) {
    $info = New-Object System.Diagnostics.ProcessStartInfo
    $info.FileName = $Path
    $info.Arguments = $Line
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    $process = [System.Diagnostics.Process]::Start($info)
    $process.WaitForExit()
    return $process.ExitCode
}

# a mark of this start of Windows; empty if it cannot be had
function Get-Boot {
    $query = 'SELECT LastBootUpTime FROM Win32_OperatingSystem'
    try {
        if (Get-Command Get-CimInstance -ErrorAction SilentlyContinue) {
            return (Get-CimInstance -Query $query).LastBootUpTime.ToString('s')
        }
        return [string](Get-WmiObject -Query $query).LastBootUpTime
    } catch {
        return ''
    }
}

function Test-RestartPending {
    $key = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\'
    foreach ($name in 'Component Based Servicing\RebootPending', 'WindowsUpdate\Auto Update\RebootRequired') {
        if (Test-Path -LiteralPath ($key + $name)) { return $true }
    }
    return $false
}

function Get-Revision {
    try {
        $key = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
        return [int](Get-ItemProperty -LiteralPath $key -Name UBR).UBR
    } catch {
        return -1
    }
}

function New-State {
    return @{ Done = @(); Restarted = @(); Wanted = @(); Unwanted = @(); Changed = $false; Boot = ''; Folder = ''
        Waits = 0 }
}

# what another computer or another plan left, or what breaks off, counts for nothing
function Read-State {
    $state = New-State
    if ($IsImage -or -not [System.IO.File]::Exists($StateFile)) { return $state }
    $seen = @{}
    foreach ($line in [System.IO.File]::ReadAllLines($StateFile)) {
        $at = $line.IndexOf('=')
        if ($at -gt 0) { $seen[$line.Substring(0, $at)] = $line.Substring($at + 1) }
    }
    $mine = $seen['Plan'] -eq $PlanId -and $seen['Computer'] -eq $env:COMPUTERNAME -and $seen['End'] -eq 'yes'
    if (-not $mine) { return $state }
    foreach ($name in 'Done', 'Restarted', 'Wanted', 'Unwanted') { $state[$name] = @(Get-Numbers $seen[$name]) }
    $state.Changed = $seen['Changed'] -eq 'yes'
    foreach ($name in 'Boot', 'Folder') { $state[$name] = [string]$seen[$name] }
    foreach ($number in @(Get-Numbers $seen['Waits'])) { $state.Waits = $number }
    return $state
}

function Save-State {
    if ($IsImage) { return }
    if ($State.Changed) { $changed = 'yes' } else { $changed = 'no' }
    $lines = "Plan=$PlanId", "Computer=$env:COMPUTERNAME", "Changed=$changed", "Boot=$($State.Boot)",
        "Folder=$($State.Folder)", "Waits=$($State.Waits)"
    foreach ($name in 'Done', 'Restarted', 'Wanted', 'Unwanted') { $lines += "$name=$($State[$name] -join ',')" }
    $lines += 'End=yes'
    [System.IO.File]::WriteAllText($StateFile, ($lines -join "`r`n") + "`r`n")
}

function Get-Numbers([string]$Text) {
    foreach ($part in [regex]::Split($Text, '[^0-9]+')) {
        if ($part -ne '' -and $part.Length -lt 6) { [int]$part }
    }
}

function Remove-Resume {
    $code = Invoke-Program (Join-Path $System 'schtasks.exe') "/query /tn `"$Task`""
    if ($code -eq 0) { [void](Invoke-Program (Join-Path $System 'schtasks.exe') "/delete /f /tn `"$Task`"") }
}

# One task, which starts this script once as SYSTEM after the restart; its first act then is to remove the task.
function Register-Resume {
    if ($Copy -match '[\s"]') {
        Stop-Plan 'The folder of Windows has a blank in its name: restart, then run this again.' 3010
    }
    if ($Self -ne $Copy) { [System.IO.File]::Copy($Self, $Copy, $true) }
    $run = (Join-Path $System 'WindowsPowerShell\v1.0\powershell.exe') +
        " -NoProfile -ExecutionPolicy Bypass -File $Copy -Resume"
    $line = "/create /f /tn `"$Task`" /sc ONSTART /delay 0001:00 /ru SYSTEM /rl HIGHEST /tr `"$run`""
    $code = Invoke-Program (Join-Path $System 'schtasks.exe') $line
    if ($code -ne 0) {
        Stop-Plan "The task to go on after the restart cannot be registered ($code): restart, then run this again." 3010
    }
    Write-Log "Registered the scheduled task '$Task': it goes on after the restart, and is removed then."
}

function Remove-Traces {
    Remove-Resume
    foreach ($file in $StateFile, $Copy) {
        if ([System.IO.File]::Exists($file)) { [System.IO.File]::Delete($file) }
    }
}

function Get-Digest([string]$Path, [int]$Length) {
    $stream = $null
    try {
        if ($Length -eq 40) { $name = 'SHA1' } else { $name = 'SHA256' }
        $hash = [System.Security.Cryptography.HashAlgorithm]::Create($name)
        $stream = [System.IO.File]::OpenRead($Path)
        return [System.BitConverter]::ToString($hash.ComputeHash($stream)).Replace('-', '')
    } catch {
        return ''
    } finally {
        if ($null -ne $stream) { $stream.Close() }
    }
}

# The file of a step, or why there is none. A pattern has to fit one file.
function Find-File($Step) {
    $fits = { -not $_.PSIsContainer -and $_.Name -like $Step.File }
    if ($Step.Exact) { $fits = { -not $_.PSIsContainer -and $_.Name -eq $Step.File } }
    $found = @(Get-ChildItem -LiteralPath $Folder | Where-Object $fits)
    if ($found.Count -eq 0) { return @{ Path = ''; Why = "missing: $($Step.File)" } }
    if ($found.Count -gt 1) {
        $names = @($found | ForEach-Object { $_.Name }) -join ', '
        return @{ Path = ''; Why = "$($found.Count) files fit $($Step.File), leave one: $names" }
    }
    return @{ Path = $found[0].FullName; Why = '' }
}

# Runs a step; gives its exit code.
function Invoke-Step($Step, [string]$Path) {
    $target = '/Online'
    if ($IsImage) { $target = "/Image:`"$Image`"" }
    # a backslash before a quote would be taken for part of the name
    if ($IsImage -and $Image.EndsWith('\')) { $target = "/Image:$Image" }
    $dism = Join-Path $System 'dism.exe'
    if ($Step.Kind -eq 'program') {
        # it is run as SYSTEM perhaps: only what is signed by Microsoft
        $signed = Get-AuthenticodeSignature -FilePath $Path
        if ($signed.Status -ne 'Valid' -or $signed.SignerCertificate.Subject -notmatch 'O=Microsoft Corporation') {
            Stop-Plan "$Path has no valid signature of Microsoft: check it, run it, then -Skip $($Step.N)" 1
        }
        return Invoke-Program $Path $Step.Arguments
    }
    if ($Step.Kind -eq 'dism') { return Invoke-Program $dism "$target $($Step.Arguments)" }
    if ($Step.Kind -eq 'wusa') { return Invoke-Program (Join-Path $System 'wusa.exe') $Step.Arguments }
    if ($IsImage -or $Path -like '*.cab') {
        return Invoke-Program $dism "$target /Add-Package /PackagePath:`"$Path`" /Quiet /NoRestart"
    }
    return Invoke-Program (Join-Path $System 'wusa.exe') "`"$Path`" /quiet /norestart"
}

# Is a conditional step to be done? It is asked when its turn comes: steps before it change the answer.
function Test-Wanted($Step) {
    if ($Step.Only -eq '' -or $State.Wanted -contains $Step.N) { return $true }
    if ($Step.Test -eq 'update-absent') { return $true }
    $revision = Get-Revision
    if ($Step.Test -eq 'revision-below') { return $revision -lt $Step.Revision }
    return $revision -ge $Step.Revision
}

function Test-Asks($Step) {
    if ($Step.Only -eq '' -or $State.Wanted -contains $Step.N -or $Step.Test -eq 'update-absent') { return $false }
    return $Step.Test -eq '' -or $IsImage -or (Get-Revision) -lt 0
}

# What stops it before anything is changed.
if (-not $Self) {
    Write-Host 'Save this as a file, and run the file.'
    exit 1
}
# the task's mutex may not be opened by others; one that was left behind is taken over
$isAlone = $false
try { $mutex = New-Object System.Threading.Mutex($false, "Global\kbwhy-plan-$PlanId") } catch { $mutex = $null }
if ($null -ne $mutex) {
    try { $isAlone = $mutex.WaitOne(0, $false) } catch { $isAlone = $true }
}
if (-not $isAlone) {
    Write-Host 'This plan is being carried out already.'
    exit 1
}
if ($env:PROCESSOR_ARCHITEW6432) {
    Write-Host 'This is 32-bit PowerShell on 64-bit Windows: run it in the 64-bit one.'
    exit 1
}
$identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
$principal = New-Object System.Security.Principal.WindowsPrincipal $identity
$isAdmin = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
if (-not $WhatIf -and -not $isAdmin) {
    Write-Host 'This needs an administrator: start PowerShell with "Run as administrator".'
    exit 1
}
if (-not $WhatIf) { [void][System.IO.Directory]::CreateDirectory($Place) }
$State = Read-State
$isNew = $State.Done.Count -eq 0 -and $State.Restarted.Count -eq 0
if ($Resume -and -not $IsImage) {
    # Windows may need another restart of its own: the task waits for it, a few times; nothing is restarted here
    if (-not $isNew -and $State.Waits -lt 5 -and (Test-RestartPending)) {
        $State.Waits++
        Save-State
        Stop-Plan 'A restart is pending still: this goes on after it.' 3010
    }
}
if (-not $WhatIf -and -not $IsImage) { Remove-Resume }
if ($Resume -and $isNew) { Stop-Plan 'There is nothing to resume.' 1 }
if ($Folder -eq '') { $Folder = $State.Folder }
if ($Folder -eq '') { $Folder = Split-Path -Parent $Self }
if (-not (Test-Path -LiteralPath $Folder -PathType Container)) { Stop-Plan "There is no folder $Folder" 2 }
$Folder = (Resolve-Path -LiteralPath $Folder).ProviderPath
$State.Folder = $Folder
$State.Wanted = @($State.Wanted) + @(Get-Numbers ($Do -join ','))
$State.Unwanted = @($State.Unwanted) + @(Get-Numbers ($Skip -join ','))
Write-Log "Plan $PlanId, packages in $Folder"
if ($IsImage) {
    if ($Image -eq '' -or -not (Test-Path -LiteralPath (Join-Path $Image 'Windows') -PathType Container)) {
        Stop-Plan 'Name the folder where the image is mounted: -Image C:\mount' 1
    }
    $Image = (Resolve-Path -LiteralPath $Image).ProviderPath.TrimEnd('\')
    if ($Image.EndsWith(':')) { $Image = $Image + '\' }
} elseif ($isNew -and $PlanVersion -ne '') {
    $is = [System.Environment]::OSVersion.Version
    $is = "$($is.Major).$($is.Minor).$($is.Build)"
    if ($is -ne $PlanVersion) {
        Stop-Plan "The plan is for Windows $PlanVersion; this is $is. Make a plan for this host." 1
    }
}
if (-not $IsImage -and $PlanHost -ne '' -and $PlanHost -ne $env:COMPUTERNAME) {
    Write-Log "Note: the plan was made for $PlanHost; this is $env:COMPUTERNAME."
}
$open = @($Steps | Where-Object { $State.Done -notcontains $_.N -and $State.Unwanted -notcontains $_.N })
$questions = 0
foreach ($step in $open) {
    if (Test-Asks $step) {
        Write-Log "Step $($step.N), $($step.Name), only if $($step.Only). To see it, run: $($step.See)"
        Write-Log "  Then run this again with -Do $($step.N) or with -Skip $($step.N)."
        $questions++
    }
    if ($step.Kind -eq 'by-hand') { Write-Log "Step $($step.N) is to be done by hand: $($step.Name)" }
}
$missing = 0
foreach ($step in $open) {
    if ($step.File -eq '') { continue }
    $file = Find-File $step
    if ($file.Path -eq '') {
        Write-Log "Step $($step.N), $($step.Name): $($file.Why)"
        $missing++
        continue
    }
    if ($step.Digest -ne '') {
        $digest = Get-Digest $file.Path $step.Digest.Length
        if ($digest -eq '') {
            Write-Log "Step $($step.N): the digest of $($file.Path) cannot be computed here; it is not compared."
        } elseif ($digest -ne $step.Digest) {
            Write-Log "Step $($step.N): $($file.Path) is not the file that Microsoft offers: its digest is another."
            $missing++
        }
    }
}
if ($missing -gt 0) { Stop-Plan "$missing of the files are missing or do not fit. Nothing was installed." 2 }
if ($WhatIf) {
    foreach ($step in $open) {
        if ($step.File -ne '') { $what = (Find-File $step).Path } else { $what = "$($step.Kind) $($step.Arguments)" }
        if ($step.Only -ne '') { $what = "$what, only if $($step.Only)" }
        Write-Log "Step $($step.N), $($step.Name): $what"
        if ($step.Restart) { Write-Log '  restart' }
    }
    Stop-Plan 'Nothing was changed (-WhatIf).' 0
}
if ($questions -gt 0) { Stop-Plan 'Nothing was installed: answer these first.' 1 }
$last = $Steps[$Steps.Count - 1].N
$resumes = @($Steps | Where-Object { $_.Restart -and $_.N -ne $last })
if (-not $IsImage) {
    $drive = [System.IO.Path]::GetPathRoot($Folder)
    $isRemote = $drive.StartsWith('\\') -or (New-Object System.IO.DriveInfo $drive).DriveType -eq 'Network'
    if ($isRemote -and $resumes.Count -gt 0 -and -not $NoRestart) {
        Stop-Plan 'The packages are on a network drive, which may be gone after a restart: copy them to a local one.' 1
    }
    if ($State.Boot -ne '' -and $State.Boot -eq (Get-Boot)) {
        Stop-Plan 'The restart that the last step needs has not been made: restart, then run this again.' 3010
    }
    $isFirst = $open.Count -gt 0 -and $open[0].Kind -eq 'restart'
    if (-not $isFirst -and (Test-RestartPending)) {
        Stop-Plan 'A restart is pending: make it first, then run this again.' 3010
    }
}
$State.Boot = ''
$State.Waits = 0
Save-State

# What is done, one step after the other.
$asked = $false
foreach ($step in $Steps) {
    $n = $step.N
    $restart = $step.Restart
    if ($State.Done -notcontains $n) {
        $label = "Step $n, $($step.Name)"
        if ($State.Unwanted -contains $n) {
            Write-Log "${label}: skipped, as -Skip says"
        } elseif (-not (Test-Wanted $step)) {
            Write-Log "${label}: not needed, it is not so that $($step.Only)"
        } elseif ($step.Kind -eq 'restart') {
            Write-Log $label
            $State.Changed = $true
        } elseif ($step.Kind -eq 'by-hand') {
            Stop-Plan "${label}: do this by hand, then run this again with -Skip $n" 1
        } else {
            $path = ''
            if ($step.File -ne '') {
                $file = Find-File $step
                if ($file.Path -eq '') { Stop-Plan "${label}: $($file.Why)" 2 }
                $path = $file.Path
            }
            Write-Log "${label}: $path"
            $code = Invoke-Step $step $path
            $hex = '0x{0:X8}' -f $code
            $advice = "kbwhy explain $($step.Update) --inventory FILE --error $hex"
            if ($step.Update -eq '') { $advice = "kbwhy code $hex" }
            if ($code -eq 0) {
                Write-Log '  done'
                $State.Changed = $true
            } elseif (3010, 2359301 -contains $code) {
                Write-Log "  done, it asks for a restart ($code)"
                $State.Changed = $true
                $asked = $true
            } elseif ($code -eq 1641) {
                Write-Log '  done, its installer restarts the computer (1641)'
                $State.Changed = $true
                $restart = $true
            } elseif ($code -eq 2359302) {
                Write-Log '  it is installed already (2359302)'
            } elseif ($code -eq 2359303 -and $step.Kind -eq 'wusa') {
                Write-Log '  it is removed already (2359303)'
            } elseif (@(-2145124329, -2146498530) -contains $code -and $step.Test -eq 'update-absent') {
                Write-Log "  not applicable ($hex): taken for not needed, as the plan is not sure that it is"
            } elseif (@(-2145124329, -2146498530) -contains $code) {
                Stop-Plan "  not applicable ($hex). To see why, run: $advice" $code
            } elseif ($step.Kind -eq 'program') {
                Stop-Plan "  ended with $code. If that is as it should be, run this again with -Skip $n" $code
            } else {
                Stop-Plan "  failed with $code ($hex). To see why, run: $advice" $code
            }
        }
        $State.Done = @($State.Done) + $n
        Save-State
    }
    if (-not $restart -or $IsImage -or $State.Restarted -contains $n) { continue }
    if (-not $State.Changed) {
        Write-Log 'No restart: nothing was changed since the last one.'
        continue
    }
    # each step restarts once, whatever happens: there is no loop
    if ($State.Restarted.Count -ge $Steps.Count) { Stop-Plan 'More restarts than steps: stopped.' 1 }
    $State.Restarted = @($State.Restarted) + $n
    $State.Changed = $false
    $State.Boot = Get-Boot
    Save-State
    $isLast = $n -eq $last
    if ($isLast) { Remove-Traces }
    if ($NoRestart) {
        if ($isLast) { Stop-Plan 'All steps are done. Restart now to finish.' 3010 }
        Stop-Plan 'Restart now, then run this again: it goes on with the next step.' 3010
    }
    if (-not $isLast) { Register-Resume }
    Write-Log 'Restarting in 60 seconds; shutdown /a stops that.'
    [void](Invoke-Program (Join-Path $System 'shutdown.exe') '/r /t 60 /d p:2:17')
    exit 3010
}
if (-not $IsImage) {
    Remove-Traces
    if (Test-RestartPending) { $asked = $true }
}
if ($asked -and -not $IsImage) { Stop-Plan 'All steps are done. A restart is still needed to finish.' 3010 }
Stop-Plan 'All steps are done.' 0
