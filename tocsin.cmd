@echo off
rem Tocsin's launcher for Windows. The first call makes .venv beside this file from the hashed lock in
rem requirements\ and needs the package registry for that; later calls need no network. What it does
rem is in tools\launch.py, the same program that the launcher for other systems starts.
rem
rem NOT YET RUN ON WINDOWS: written with care, read twice, tried by nobody. Please tell us how it went.
rem
rem TOCSIN_PYTHON  the interpreter to build .venv with
rem TOCSIN_VENV    another place for .venv, when this folder is read-only
setlocal
set "HERE=%~dp0"
set "VENV=%HERE%.venv"
if defined TOCSIN_VENV set "VENV=%TOCSIN_VENV%"
set "CHECK=import sys; sys.exit(sys.version_info < (3, 11))"

if not defined TOCSIN_PYTHON goto try_venv
set PY="%TOCSIN_PYTHON%"
%PY% -I -S -c "%CHECK%" >nul 2>&1 && goto run

:try_venv
set PY="%VENV%\Scripts\python.exe"
%PY% -I -S -c "%CHECK%" >nul 2>&1 && goto run

set PY=py -3
%PY% -I -S -c "%CHECK%" >nul 2>&1 && goto run

set PY=python
%PY% -I -S -c "%CHECK%" >nul 2>&1 && goto run

echo tocsin: needs Python 3.11 or newer, and found none. 1>&2
echo Install it, or name one: set TOCSIN_PYTHON=C:\path\to\python.exe 1>&2
exit /b 3

:run
%PY% -I -S -B "%HERE%tools\launch.py" %*
exit /b %ERRORLEVEL%
