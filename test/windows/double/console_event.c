/*
 * Runs a command on a console of its own, and sends a console event to it when a file appears:
 *
 *   console_event.exe FILE EVENT OUT COMMAND...
 *
 * EVENT is 0 for Ctrl-C and 1 for Ctrl-Break. Standard output and error of the command go to OUT. Exits as the command.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static BOOL WINAPI ignore(DWORD event) {
  (void)event;
  return TRUE;
}

int main(int argc, char **argv) {
  static char command[32768];
  STARTUPINFOA start;
  PROCESS_INFORMATION process;
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  DWORD code = 99;
  int i;
  if (argc < 5) return 98;
  for (i = 4; i < argc; ++i) {
    strcat(command, i > 4 ? " \"" : "\"");
    strcat(command, argv[i]);
    strcat(command, "\"");
  }
  FreeConsole();
  if (!AllocConsole()) fprintf(stderr, "no console: error %lu\n", GetLastError());
  SetConsoleCtrlHandler(ignore, TRUE);
  memset(&start, 0, sizeof start);
  start.cb = sizeof start;
  start.dwFlags = STARTF_USESTDHANDLES;
  start.hStdOutput = start.hStdError =
      CreateFileA(argv[3], GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  start.hStdInput = CreateFileA("NUL", GENERIC_READ, FILE_SHARE_READ, &inherit, OPEN_EXISTING, 0, NULL);
  if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) return 97;
  for (i = 0; i < 3000 && GetFileAttributesA(argv[1]) == INVALID_FILE_ATTRIBUTES; ++i) {
    if (WaitForSingleObject(process.hProcess, 10) == WAIT_OBJECT_0) break;
  }
  if (!GenerateConsoleCtrlEvent((DWORD)atoi(argv[2]), 0)) fprintf(stderr, "no event: error %lu\n", GetLastError());
  if (WaitForSingleObject(process.hProcess, 20000) != WAIT_OBJECT_0) TerminateProcess(process.hProcess, 96);
  GetExitCodeProcess(process.hProcess, &code);
  return (int)code;
}
