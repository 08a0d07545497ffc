// directories: make, list, remove, rename, working directory, *at calls
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sys/syscall.h>
#define renameat2(...) syscall(SYS_renameat2, __VA_ARGS__)
#define NOREPLACE 1
#define EXCHANGE 2
#define TRY(call) do { long r_ = (long)(call); if (r_ < 0) printf("%s: %s\n", #call, strerror(errno)); else printf("%s: ok\n", #call); } while (0)
static int by_name(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
static void list(const char *path) {
  DIR *d = opendir(path); if (!d) { printf("%s: %s\n", path, strerror(errno)); return; }
  char *names[100]; int count = 0; struct dirent *e;
  while ((e = readdir(d))) { names[count] = malloc(300); sprintf(names[count++], "%s/%d", e->d_name, e->d_type); }
  closedir(d); qsort(names, count, sizeof *names, by_name); printf("%s:", path); for (int i = 0; i < count; i++) printf(" %s", names[i]); puts("");
}
int main(void) {
  char cwd[4096], buffer[10]; struct stat st;
  TRY(mkdir("one", 0755)); TRY(mkdir("one", 0755)); TRY(mkdir("one/two", 0700)); TRY(mkdir("no/two", 0700)); TRY(mkdir("one/two/", 0700)); TRY(close(open("one/file", O_CREAT | O_WRONLY, 0644))); TRY(symlink("file", "one/link"));
  list("one"); list("missing"); list("one/file"); TRY(rmdir("one")); TRY(rmdir("one/file")); TRY(unlink("one/two")); TRY(rmdir("one/two/.")); TRY(rmdir("one/two/.."));
  char *start = getcwd(cwd, sizeof cwd); size_t base = strlen(cwd); TRY(chdir("one/two")); printf("%s\n", getcwd(NULL, 0) + base); TRY(chdir("..")); printf("%s\n", getcwd(NULL, 0) + base); TRY(getcwd(buffer, 2) ? 0 : -1); TRY(chdir("file")); list("."); TRY(access("../one/./two/../file", F_OK)); TRY(access("file/..", F_OK));
  int d = open(".", O_RDONLY | O_DIRECTORY); TRY(openat(d, "file", O_RDONLY)); TRY(mkdirat(d, "three", 0755)); TRY(fstatat(d, "three", &st, 0)); printf("%o %ld\n", st.st_mode, (long)st.st_nlink); TRY(unlinkat(d, "three", 0)); TRY(unlinkat(d, "three", AT_REMOVEDIR)); TRY(renameat(d, "file", d, "name")); TRY(linkat(d, "name", d, "other", 0)); TRY(faccessat(d, "other", W_OK, 0)); TRY(fchdir(d)); TRY(renameat2(d, "name", d, "other", NOREPLACE)); TRY(renameat2(d, "name", d, "two", EXCHANGE)); list(".");
  TRY(chdir("..")); TRY(rename("one", "one/inside")); TRY(rename("one", "two")); list("two"); TRY(rename("two/other", "two/name")); TRY(mkdir("empty", 0755)); TRY(rename("two", "empty")); list("empty"); TRY(rename("empty", "missing/x"));
  TRY(mkdir("gone", 0755)); TRY(chdir("gone")); TRY(rmdir("../gone")); TRY(getcwd(NULL, 0) ? 0 : -1); TRY(open("x", O_CREAT, 0600)); list("."); TRY(stat(".", &st)); printf("%ld\n", (long)st.st_nlink);
  chdir(start); TRY(mkdir("many", 0755)); chdir("many"); for (int i = 0; i < 500; i++) { sprintf(cwd, "some-longer-name-%d", i); close(open(cwd, O_CREAT, 0600)); } DIR *many = opendir("."); int n = 0; while (readdir(many)) n++; printf("%d\n", n); rewinddir(many); readdir(many); long at = telldir(many); char *second = strdup(readdir(many)->d_name); seekdir(many, at); printf("%d\n", strcmp(second, readdir(many)->d_name));
  return 0;
}
