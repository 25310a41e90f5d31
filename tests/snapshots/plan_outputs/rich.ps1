# kbwhy plan 7b0f6efffb82
#
# KB3172614 goes onto SRV00 in 7 steps, with 2 restarts, if one condition holds.
#
# For SRV00: Windows Server 2012 R2 Standard
#    1. KB2919442, March 2014 servicing stack update, only if the revision is below 9600.17031
#    2. clearcompressionflag.exe
#    3. KB2919355, April 2014 update
#       restart
#    4. KB3173424, July 2016 servicing stack update, only if no later servicing stack is installed
#    5. KB3172614, July 2016 update rollup
#       restart
#    6. enable .NET Framework 3.5
#    7. remove KB2506143
# Catalog as of 2026-08-11.
#
# How to run it: save it beside the packages, then as administrator
#   powershell -NoProfile -ExecutionPolicy Bypass -File plan.ps1 -WhatIf
#   powershell -NoProfile -ExecutionPolicy Bypass -File plan.ps1
# -WhatIf shows what would be done, and which files are missing. -Folder DIR: where the packages are.
# -NoRestart: never restarts, but stops where it is needed (exit code 3010); run it again afterwards.
# -Do N, -Skip N: a step that the script cannot decide is needed, or is not needed or done already.
# It restarts the computer where the plan says so, and goes on afterwards: for that it registers the
# scheduled task "kbwhy plan ..." (at start, as SYSTEM), which it removes when it runs, and a copy of
# itself beside the log. Windows does not start the task on battery: plug it in, or run this again.
# Log, copy and what is done so far: %SystemRoot%\Logs\kbwhy. What is done is not done again.
# Exit codes: 0 all is done; 3010 a restart is needed, or is on its way; 1 it cannot begin, or
# something is to be done by hand; 2 files are missing; else the code of the installer that failed.
# In a remote session (WinRM) Windows refuses wusa.exe: run it at the console, by RDP, or as a task.
[CmdletBinding()]
param(
    [string]$Folder = '',
    [string[]]$Do = @(),
    [string[]]$Skip = @(),
    [string]$Image = '',
    [switch]$WhatIf,
    [switch]$NoRestart,
    [switch]$Resume
)

$PlanId = '7b0f6efffb82'
$PlanHost = 'SRV00'
$PlanVersion = '6.3.9600'
$IsImage = $false
$Steps = @(
    @{ N = 1; Kind = 'package'; Update = 'KB2919442'; Restart = $false
        Name = 'KB2919442, March 2014 servicing stack update'
        File = 'windows8.1-kb2919442-x64_13f3b8d5.msu'; Exact = $true; Digest = ''
        Arguments = ''
        Only = 'the revision is below 9600.17031'; Test = 'revision-below'; Revision = 17031
        See = 'reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion" /v UBR' }
    @{ N = 2; Kind = 'program'; Update = ''; Restart = $false
        Name = 'clearcompressionflag.exe'
        File = 'clearcompressionflag.exe'; Exact = $true; Digest = ''
        Arguments = ''
        Only = ''; Test = ''; Revision = 0
        See = '' }
    @{ N = 3; Kind = 'package'; Update = 'KB2919355'; Restart = $true
        Name = 'KB2919355, April 2014 update'
        File = '*kb2919355-*x64*.msu'; Exact = $false; Digest = ''
        Arguments = ''
        Only = ''; Test = ''; Revision = 0
        See = '' }
    @{ N = 4; Kind = 'package'; Update = 'KB3173424'; Restart = $false
        Name = 'KB3173424, July 2016 servicing stack update'
        File = '*kb3173424-*x64*.msu'; Exact = $false; Digest = ''
        Arguments = ''
        Only = 'no later servicing stack is installed'; Test = ''; Revision = 0
        See = 'dism /online /get-packages' }
    @{ N = 5; Kind = 'package'; Update = 'KB3172614'; Restart = $true
        Name = 'KB3172614, July 2016 update rollup'
        File = '*kb3172614-*x64*.msu'; Exact = $false; Digest = ''
        Arguments = ''
        Only = ''; Test = ''; Revision = 0
        See = '' }
    @{ N = 6; Kind = 'dism'; Update = ''; Restart = $false
        Name = 'enable .NET Framework 3.5'
        File = ''; Exact = $false; Digest = ''
        Arguments = '/enable-feature /featurename:NetFx3 /all /quiet /norestart'
        Only = ''; Test = ''; Revision = 0
        See = '' }
    @{ N = 7; Kind = 'wusa'; Update = 'KB2506143'; Restart = $false
        Name = 'remove KB2506143'
        File = ''; Exact = $false; Digest = ''
        Arguments = '/uninstall /kb:2506143 /quiet /norestart'
        Only = ''; Test = ''; Revision = 0
        See = '' }
)
