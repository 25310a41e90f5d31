set "KB_SYS=%SystemRoot%\System32"
rem only administrators write here: what is run after a restart must not be anyone's to change
set "KB_DIR=%SystemRoot%\Logs\kbwhy"
set "KB_LOG=%KB_DIR%\plan-%KB_PLAN%.log"
set "KB_STATE=%KB_DIR%\plan-%KB_PLAN%.cmd.state"
set "KB_CHANGED=%KB_DIR%\plan-%KB_PLAN%.changed"
set "KB_COPY=%KB_DIR%\plan-%KB_PLAN%.cmd"
set "KB_TASK=kbwhy plan %KB_PLAN%"
set "KB_SELF=%~f0"
set "KB_FOLDER="
set "KB_IMAGE="
set "KB_DO=,"
set "KB_SKIP=,"
set "KB_WHATIF="
set "KB_NORESTART="
set "KB_RESUME="
set "KB_ASKED="
set "KB_OLD_FOLDER="
set "KB_OLD_DO="
set "KB_OLD_SKIP="
set "KB_RC=0"

:options
if "%~1"=="" goto checks
if /i "%~1"=="/whatif" set "KB_WHATIF=1" & shift /1 & goto options
if /i "%~1"=="/norestart" set "KB_NORESTART=1" & shift /1 & goto options
if /i "%~1"=="/resume" set "KB_RESUME=1" & shift /1 & goto options
if /i "%~1"=="/folder" set "KB_FOLDER=%~f2" & shift /1 & shift /1 & goto options
if /i "%~1"=="/image" set "KB_IMAGE=%~f2" & shift /1 & shift /1 & goto options
if /i "%~1"=="/do" set "KB_DO=%KB_DO%%~2," & shift /1 & shift /1 & goto options
if /i "%~1"=="/skip" set "KB_SKIP=%KB_SKIP%%~2," & shift /1 & shift /1 & goto options
echo Options: /whatif /norestart /folder DIR /image DIR /do N /skip N
exit /b 1

:checks
if not defined PROCESSOR_ARCHITEW6432 goto native
echo This is a 32-bit command prompt on 64-bit Windows: run it in the 64-bit one.
exit /b 1
:native
if defined KB_WHATIF goto admin
rem a refusal may be a negative number, which `if errorlevel 1` does not see
"%KB_SYS%\fltmc.exe" >nul 2>&1
if "%errorlevel%"=="0" goto admin
echo This needs an administrator: open the command prompt with "Run as administrator".
exit /b 1
:admin
if defined KB_WHATIF goto main
if not exist "%KB_DIR%\." mkdir "%KB_DIR%"
rem one at a time: this file is open for writing as long as it runs, and is then refused to others
set "KB_RAN="
call :main 9>"%KB_DIR%\plan-%KB_PLAN%.lock"
set "KB_RC=%errorlevel%"
if defined KB_RAN exit /b %KB_RC%
echo This plan is being carried out already.
exit /b 1
:main
set "KB_RAN=1"
set "KB_MINE="
if not "%KB_IS_IMAGE%"=="1" if exist "%KB_STATE%" set "KB_MINE=1"
if not defined KB_MINE goto fresh
rem what another computer left counts for nothing
"%KB_SYS%\findstr.exe" /x /i /c:"computer %COMPUTERNAME%" "%KB_STATE%" >nul
if errorlevel 1 set "KB_MINE="
if not defined KB_MINE goto fresh
for /f "usebackq tokens=1,*" %%A in ("%KB_STATE%") do if "%%A"=="folder" set "KB_OLD_FOLDER=%%~B"
for /f "usebackq tokens=1,*" %%A in ("%KB_STATE%") do if "%%A"=="do" set "KB_OLD_DO=%%~B"
for /f "usebackq tokens=1,*" %%A in ("%KB_STATE%") do if "%%A"=="skip" set "KB_OLD_SKIP=%%~B"
if not defined KB_FOLDER set "KB_FOLDER=%KB_OLD_FOLDER%"
set "KB_DO=%KB_DO%%KB_OLD_DO%"
set "KB_SKIP=%KB_SKIP%%KB_OLD_SKIP%"
call :pending
if not defined KB_RESUME goto resumed
if not defined KB_PENDING goto resumed
rem Windows may need another restart of its own: the task waits for it, a few times; nothing is restarted here
set "KB_WAITS=0"
for /f %%C in ('call "%KB_SYS%\findstr.exe" /b /c:"wait" "%KB_STATE%"') do set /a KB_WAITS+=1
if %KB_WAITS% geq 5 goto resumed
>>"%KB_STATE%" echo wait
set "KB_TEXT=A restart is pending still: this goes on after it."
call :say
exit /b 3010
:fresh
if not defined KB_RESUME goto new
set "KB_TEXT=There is nothing to resume."
call :say
call :forget_task
exit /b 1
:new
if defined KB_WHATIF goto resumed
if "%KB_IS_IMAGE%"=="1" goto resumed
del "%KB_STATE%" "%KB_CHANGED%" >nul 2>&1
:resumed
if not defined KB_WHATIF call :forget_task
if not defined KB_FOLDER set "KB_FOLDER=%~dp0."
set KB_TEXT=Plan %KB_PLAN%, packages in "%KB_FOLDER%"
call :say
if exist "%KB_FOLDER%\." goto has_folder
set "KB_TEXT=There is no such folder."
set "KB_RC=2"
goto stop
:has_folder
set "KB_TARGET=/Online"
if "%KB_IS_IMAGE%"=="1" goto is_image
if defined KB_MINE goto version_fits
if not defined KB_VERSION goto version_fits
ver | "%KB_SYS%\findstr.exe" /c:" %KB_VERSION%" >nul
if not errorlevel 1 goto version_fits
set "KB_TEXT=The plan is for Windows %KB_VERSION%; this is another. Make a plan for this host."
set "KB_RC=1"
goto stop
:is_image
rem a backslash before a quote would be taken for part of the name
if "%KB_IMAGE:~-1%"=="\" set "KB_IMAGE=%KB_IMAGE:~0,-1%"
set KB_TARGET=/Image:"%KB_IMAGE%"
if "%KB_IMAGE:~-1%"==":" set KB_TARGET=/Image:%KB_IMAGE%\
if defined KB_IMAGE if exist "%KB_IMAGE%\Windows\." goto version_fits
set "KB_TEXT=Name the folder where the image is mounted: /image C:\mount"
set "KB_RC=1"
goto stop
:version_fits
if not defined KB_HOST goto host_told
if /i "%KB_HOST%"=="%COMPUTERNAME%" goto host_told
set "KB_TEXT=Note: the plan was made for %KB_HOST%; this is %COMPUTERNAME%."
if not "%KB_IS_IMAGE%"=="1" call :say
:host_told
set "KB_MISSING=0"
set "KB_QUESTIONS=0"
@@FILES@@
if "%KB_MISSING%"=="0" goto has_files
set "KB_TEXT=%KB_MISSING% of the files are missing or not clear. Nothing was installed."
set "KB_RC=2"
goto stop
:has_files
if defined KB_WHATIF goto started
if "%KB_QUESTIONS%"=="0" goto answered
set "KB_TEXT=Nothing was installed: answer these first."
set "KB_RC=1"
goto stop
:answered
if "%KB_IS_IMAGE%"=="1" goto started
call :remote
if not defined KB_REMOTE goto local
set "KB_TEXT=The packages are on a network drive, which may be gone after a restart: copy them to a local one."
set "KB_RC=1"
goto stop
:local
call :pending
if "%KB_FIRST%"=="restart" if not defined KB_MINE goto clear
if not defined KB_PENDING goto clear
set "KB_TEXT=A restart is pending: make it first, then run this again."
set "KB_RC=3010"
goto stop
:clear
if defined KB_MINE goto started
>"%KB_STATE%" echo computer %COMPUTERNAME%
:started
if defined KB_WHATIF goto steps
if "%KB_IS_IMAGE%"=="1" goto steps
>>"%KB_STATE%" echo folder "%KB_FOLDER%"
>>"%KB_STATE%" echo do "%KB_DO%"
>>"%KB_STATE%" echo skip "%KB_SKIP%"
:steps
@@STEPS@@
set "KB_TEXT=All steps are done."
set "KB_RC=0"
if defined KB_WHATIF set "KB_TEXT=Nothing was changed (/whatif)."
if defined KB_WHATIF goto stop
if "%KB_IS_IMAGE%"=="1" goto stop
call :pending
if defined KB_PENDING set "KB_ASKED=1"
if defined KB_ASKED set "KB_TEXT=All steps are done. A restart is still needed to finish."
if defined KB_ASKED set "KB_RC=3010"
goto finish

:finish
call :say
del "%KB_STATE%" "%KB_CHANGED%" >nul 2>&1
if /i "%KB_SELF%"=="%KB_COPY%" set "KB_RESUME=1"
rem the copy may be what runs here: nothing of it is read after this line
if defined KB_RESUME if "%KB_RC%"=="0" del "%KB_COPY%" >nul 2>&1 & exit 0
if defined KB_RESUME del "%KB_COPY%" >nul 2>&1 & exit 3010
del "%KB_COPY%" >nul 2>&1
exit /b %KB_RC%

:stopped
if "%KB_STOP%"=="finish" goto finish
:stop
call :say
exit /b %KB_RC%

:say
echo %KB_TEXT%
if not defined KB_WHATIF >>"%KB_LOG%" echo %DATE% %TIME%  %KB_TEXT%
exit /b 0

:pending
set "KB_PENDING="
set "KB_KEY=HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
"%KB_SYS%\reg.exe" query "%KB_KEY%\Component Based Servicing\RebootPending" >nul 2>&1
if not errorlevel 1 set "KB_PENDING=1"
"%KB_SYS%\reg.exe" query "%KB_KEY%\WindowsUpdate\Auto Update\RebootRequired" >nul 2>&1
if not errorlevel 1 set "KB_PENDING=1"
exit /b 0

:remote
set "KB_REMOTE="
if defined KB_NORESTART exit /b 0
if "%KB_RESUMES%"=="0" exit /b 0
if "%KB_FOLDER:~0,2%"=="\\" set "KB_REMOTE=1"
if defined KB_REMOTE exit /b 0
"%KB_SYS%\net.exe" use %KB_FOLDER:~0,2% >nul 2>&1
if not errorlevel 1 set "KB_REMOTE=1"
exit /b 0

:forget_task
"%KB_SYS%\schtasks.exe" /query /tn "%KB_TASK%" >nul 2>&1
if errorlevel 1 exit /b 0
"%KB_SYS%\schtasks.exe" /delete /f /tn "%KB_TASK%" >nul 2>&1
exit /b 0

:revision
set "KB_UBR=-1"
set "KB_KEY=HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
for /f "tokens=1,3" %%A in ('call "%KB_SYS%\reg.exe" query "%KB_KEY%" /v UBR 2^>nul') do if /i "%%A"=="UBR" set /a KB_UBR=%%B
exit /b 0

rem Is the file of a step there? A pattern has to fit one file. KB_N, KB_NAME, KB_WANTED; gives KB_FOUND.
:find
set "KB_FOUND="
set "KB_COUNT=0"
for %%F in ("%KB_FOLDER%\%KB_WANTED%") do if exist "%%~fF" if /i "%%~xF"=="%KB_ENDING%" set /a KB_COUNT+=1 & set "KB_FOUND=%%~fF"
if "%KB_COUNT%"=="1" exit /b 0
set "KB_FOUND="
"%KB_SYS%\findstr.exe" /x /c:"done %KB_N%" "%KB_STATE%" >nul 2>&1
if not errorlevel 1 exit /b 0
echo %KB_SKIP%| "%KB_SYS%\findstr.exe" /c:",%KB_N%," >nul
if not errorlevel 1 exit /b 0
set /a KB_MISSING+=1
set "KB_TEXT=Step %KB_N%, %KB_NAME%: missing: %KB_WANTED%"
if not "%KB_COUNT%"=="0" set "KB_TEXT=Step %KB_N%, %KB_NAME%: %KB_COUNT% files fit %KB_WANTED%, leave one"
call :say
exit /b 0

rem Does a conditional step need an answer? KB_N, KB_NAME, KB_TEST, KB_ONLY, KB_SEE.
:ask
"%KB_SYS%\findstr.exe" /x /c:"done %KB_N%" "%KB_STATE%" >nul 2>&1
if not errorlevel 1 exit /b 0
echo %KB_DO%%KB_SKIP%| "%KB_SYS%\findstr.exe" /c:",%KB_N%," >nul
if not errorlevel 1 exit /b 0
if "%KB_TEST%"=="update-absent" exit /b 0
call :revision
if not "%KB_TEST%"=="ask" if not "%KB_IS_IMAGE%"=="1" if not "%KB_UBR%"=="-1" exit /b 0
set /a KB_QUESTIONS+=1
set "KB_TEXT=Step %KB_N%, %KB_NAME%, only if %KB_ONLY%. To see it, run: %KB_SEE%"
call :say
set "KB_TEXT=  Then run this again with /do %KB_N% or with /skip %KB_N%."
call :say
exit /b 0

rem One step. KB_STOP is set where the plan ends here; KB_RC and KB_TEXT say why.
:step
set "KB_STOP="
set "KB_RC=0"
if "%KB_IS_IMAGE%"=="1" goto step_open
"%KB_SYS%\findstr.exe" /x /c:"done %KB_N%" "%KB_STATE%" >nul 2>&1
if not errorlevel 1 goto barrier
:step_open
set "KB_TEXT=Step %KB_N%, %KB_NAME%: skipped, as /skip says"
echo %KB_SKIP%| "%KB_SYS%\findstr.exe" /c:",%KB_N%," >nul
if not errorlevel 1 goto step_said
echo %KB_DO%| "%KB_SYS%\findstr.exe" /c:",%KB_N%," >nul
if not errorlevel 1 goto step_run
if "%KB_TEST%"=="none" goto step_run
if "%KB_TEST%"=="update-absent" goto step_run
if defined KB_WHATIF goto step_run
call :revision
if "%KB_TEST%"=="revision-below" if %KB_UBR% lss %KB_REVISION% goto step_run
if "%KB_TEST%"=="revision-at-least" if %KB_UBR% geq %KB_REVISION% goto step_run
set "KB_TEXT=Step %KB_N%, %KB_NAME%: not needed, it is not so that %KB_ONLY%"
goto step_said
:step_run
set KB_TEXT=Step %KB_N%, %KB_NAME%: %KB_KIND% %KB_ARGS%
if defined KB_FILE set KB_TEXT=Step %KB_N%, %KB_NAME%: "%KB_FILE%"
if defined KB_WHATIF goto step_what_if
if "%KB_KIND%"=="by-hand" goto step_by_hand
call :say
if "%KB_KIND%"=="restart" goto step_installed
if "%KB_KIND%"=="program" goto run_program
if "%KB_KIND%"=="dism" goto run_dism
if "%KB_KIND%"=="wusa" goto run_wusa
if "%KB_IS_IMAGE%"=="1" goto run_add
if /i "%KB_FILE:~-4%"==".cab" goto run_add
start "" /wait "%KB_SYS%\wusa.exe" "%KB_FILE%" /quiet /norestart
goto step_ran
:run_add
"%KB_SYS%\dism.exe" %KB_TARGET% /Add-Package /PackagePath:"%KB_FILE%" /Quiet /NoRestart
goto step_ran
:run_dism
"%KB_SYS%\dism.exe" %KB_TARGET% %KB_ARGS%
goto step_ran
:run_wusa
start "" /wait "%KB_SYS%\wusa.exe" %KB_ARGS%
goto step_ran
:run_program
rem its signature cannot be checked here, so the task does not run it as SYSTEM
if defined KB_RESUME goto step_by_hand
start "" /wait "%KB_FILE%" %KB_ARGS%
:step_ran
set "KB_RC=%errorlevel%"
"%KB_SYS%\cmd.exe" /d /c exit %KB_RC%
set "KB_HEX=0x%=ExitCode%"
if "%KB_RC%"=="0" goto step_installed
if "%KB_RC%"=="3010" goto step_asks
if "%KB_RC%"=="2359301" goto step_asks
if "%KB_RC%"=="1641" set "KB_RESTART=1" & goto step_asks
set "KB_TEXT=  it is installed already (2359302)"
if "%KB_RC%"=="2359302" goto step_said
set "KB_TEXT=  it is removed already (2359303)"
if "%KB_RC%"=="2359303" if "%KB_KIND%"=="wusa" goto step_said
rem signed: wusa's 0x80240017, DISM's 0x800F081E
set "KB_UNFIT="
if "%KB_RC%"=="-2145124329" set "KB_UNFIT=1"
if "%KB_RC%"=="-2146498530" set "KB_UNFIT=1"
set "KB_TEXT=  not applicable (%KB_HEX%): taken for not needed, as the plan is not sure that it is"
if defined KB_UNFIT if "%KB_TEST%"=="update-absent" goto step_said
set "KB_STOP=1"
set "KB_ADVICE=kbwhy code %KB_HEX%"
if defined KB_UPDATE set "KB_ADVICE=kbwhy explain %KB_UPDATE% --inventory FILE --error %KB_HEX%"
set "KB_TEXT=  failed with %KB_RC% (%KB_HEX%). To see why, run: %KB_ADVICE%"
if "%KB_KIND%"=="program" set "KB_TEXT=  ended with %KB_RC%. If that is as it should be, run this again with /skip %KB_N%"
if defined KB_UNFIT set "KB_TEXT=  not applicable (%KB_HEX%). To see why, run: %KB_ADVICE%"
exit /b 0
:step_by_hand
set "KB_TEXT=Step %KB_N%, %KB_NAME%: do this by hand, then run this again with /skip %KB_N%"
set "KB_RC=1"
set "KB_STOP=1"
exit /b 0
:step_what_if
call :say
if not "%KB_TEST%"=="none" set "KB_TEXT=  only if %KB_ONLY%"
if not "%KB_TEST%"=="none" call :say
set "KB_TEXT=  restart"
if "%KB_RESTART%"=="1" call :say
exit /b 0
:step_asks
set "KB_ASKED=1"
:step_installed
if not "%KB_IS_IMAGE%"=="1" >"%KB_CHANGED%" echo changed
set "KB_TEXT=  done (%KB_RC%)"
:step_said
call :say
set "KB_RC=0"
if "%KB_IS_IMAGE%"=="1" exit /b 0
if defined KB_WHATIF exit /b 0
>>"%KB_STATE%" echo done %KB_N%
:barrier
if not "%KB_RESTART%"=="1" exit /b 0
if defined KB_WHATIF exit /b 0
rem each step restarts once, whatever happens: there is no loop
"%KB_SYS%\findstr.exe" /x /c:"restarted %KB_N%" "%KB_STATE%" >nul 2>&1
if not errorlevel 1 exit /b 0
set "KB_TEXT=No restart: nothing was changed since the last one."
if not exist "%KB_CHANGED%" call :say
if not exist "%KB_CHANGED%" exit /b 0
>>"%KB_STATE%" echo restarted %KB_N%
del "%KB_CHANGED%" >nul 2>&1
set "KB_STOP=restart"
set "KB_RC=3010"
if "%KB_N%"=="%KB_LAST%" goto barrier_last
set "KB_TEXT=Restart now, then run this again: it goes on with the next step."
if defined KB_NORESTART exit /b 0
if /i "%KB_SELF%"=="%KB_COPY%" goto barrier_task
copy /y "%KB_SELF%" "%KB_COPY%" >nul
if errorlevel 1 goto barrier_alone
:barrier_task
set "KB_RUN=%KB_SYS%\cmd.exe /d /c %KB_COPY% /resume"
"%KB_SYS%\schtasks.exe" /create /f /tn "%KB_TASK%" /sc ONSTART /delay 0001:00 /ru SYSTEM /rl HIGHEST /tr "%KB_RUN%" >nul
if errorlevel 1 goto barrier_alone
set "KB_TEXT=Registered the scheduled task %KB_TASK%: it goes on after the restart, and is removed then."
call :say
goto barrier_restart
:barrier_alone
set "KB_TEXT=The task to go on after the restart cannot be registered: restart, then run this again."
exit /b 0
:barrier_last
set "KB_STOP=finish"
set "KB_TEXT=All steps are done. Restart now to finish."
if defined KB_NORESTART exit /b 0
:barrier_restart
set "KB_TEXT=Restarting in 60 seconds; shutdown /a stops that."
"%KB_SYS%\shutdown.exe" /r /t 60 /d p:2:17
exit /b 0
