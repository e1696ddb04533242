@echo off
rem Tocsin's launcher for Windows. The first call makes .venv beside this file from the hashed lock.
rem This file was written with care but has not been run on Windows yet: please tell us how it went.
rem What it does is in tools\launch.py, which is the same program that the POSIX launcher starts.
setlocal
set "HERE=%~dp0"
set "VENV=%HERE%.venv"
if defined TOCSIN_VENV set "VENV=%TOCSIN_VENV%"
set "CHECK=import sys; sys.exit(sys.version_info < (3, 11))"

if defined TOCSIN_PYTHON (
    "%TOCSIN_PYTHON%" -I -S -c "%CHECK%" >nul 2>&1 && set "PY="%TOCSIN_PYTHON%"" && goto run
)
if exist "%VENV%\Scripts\python.exe" (
    "%VENV%\Scripts\python.exe" -I -S -c "%CHECK%" >nul 2>&1 && set "PY="%VENV%\Scripts\python.exe"" && goto run
)
py -3 -I -S -c "%CHECK%" >nul 2>&1 && set "PY=py -3" && goto run
python -I -S -c "%CHECK%" >nul 2>&1 && set "PY=python" && goto run
echo tocsin: needs Python 3.11 or newer, and found none. Install it, and call again. 1>&2
exit /b 3

:run
%PY% -I -S -B "%HERE%tools\launch.py" %*
exit /b %ERRORLEVEL%
