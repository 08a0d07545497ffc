// files: open, read, write, seek, truncate, rename, link, stat, permissions, times
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/syscall.h>
#define TRY(call) do { long r_ = (long)(call); if (r_ < 0) printf("%s: %s\n", #call, strerror(errno)); else printf("%s: %ld\n", #call, r_); } while (0)
int main(void) {
  char buffer[100] = {0}; struct stat st; umask(022);
  TRY(open("missing", O_RDONLY)); TRY(open("file", O_WRONLY | O_CREAT | O_EXCL, 0666)); TRY(open("file", O_CREAT | O_EXCL, 0666));
  TRY(write(3, "0123456789", 10)); TRY(lseek(3, 0, SEEK_CUR)); TRY(lseek(3, -4, SEEK_END)); TRY(write(3, "ab", 2)); TRY(read(3, buffer, 1)); TRY(close(3)); TRY(close(3));
  TRY(open("file", O_RDWR)); TRY(read(3, buffer, 100)); printf("%s\n", buffer); TRY(pread(3, buffer, 3, 2)); TRY(pwrite(3, "ZZ", 2, 20)); TRY(fstat(3, &st)); printf("%ld %o %ld\n", (long)st.st_size, st.st_mode, (long)st.st_nlink);
  TRY(pread(3, buffer, 30, 8)); for (int i = 0; i < 14; i++) printf("%02x", (unsigned char)buffer[i]); puts("");
  struct iovec v[2] = {{"one ", 4}, {"two", 3}}; TRY(lseek(3, 0, SEEK_SET)); TRY(writev(3, v, 2)); char a[3], b[5]; struct iovec r[2] = {{a, 3}, {b, 5}}; TRY(preadv(3, r, 2, 0)); printf("%.3s|%.5s\n", a, b);
  TRY(ftruncate(3, 5)); TRY(lseek(3, 0, SEEK_END)); TRY(ftruncate(3, 5000)); TRY(lseek(3, 0, SEEK_END)); TRY(lseek(3, -1, SEEK_SET)); TRY(lseek(3, 0, 99));
  TRY(fcntl(3, F_GETFL) & O_ACCMODE); TRY(fcntl(3, F_GETFD)); TRY(fcntl(3, F_SETFD, FD_CLOEXEC)); TRY(fcntl(3, F_GETFD)); TRY(fcntl(3, F_DUPFD, 10)); TRY(fcntl(3, F_DUPFD_CLOEXEC, 10)); TRY(dup(3)); TRY(dup2(3, 20)); TRY(dup2(99, 20)); TRY(dup3(3, 3, 0)); TRY(fcntl(99, F_GETFL));
  TRY(open("file", O_WRONLY | O_APPEND)); TRY(lseek(5, 0, SEEK_SET)); TRY(write(5, "end", 3)); TRY(lseek(5, 0, SEEK_CUR));
  TRY(link("file", "second")); TRY(stat("second", &st)); printf("%ld\n", (long)st.st_nlink); TRY(rename("second", "third")); TRY(access("second", F_OK)); TRY(access("third", R_OK | W_OK)); TRY(access("third", X_OK));
  TRY(symlink("third", "soft")); TRY(readlink("soft", buffer, 100)); TRY(lstat("soft", &st)); printf("%o %ld\n", st.st_mode & S_IFMT, (long)st.st_size); TRY(stat("soft", &st)); printf("%o\n", st.st_mode & S_IFMT); TRY(symlink("loop", "loop")); TRY(open("loop", O_RDONLY)); TRY(open("soft", O_RDONLY | O_NOFOLLOW));
  TRY(chmod("third", 0600)); TRY(stat("file", &st)); printf("%o\n", st.st_mode); struct timespec times[2] = {{1000, 5}, {2000, 7}}; TRY(utimensat(AT_FDCWD, "file", times, 0)); TRY(stat("file", &st)); printf("%ld %ld %ld\n", (long)st.st_atim.tv_sec, (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  TRY(truncate("file", 1)); TRY(stat("third", &st)); printf("%ld\n", (long)st.st_size); TRY(unlink("file")); TRY(unlink("file")); TRY(fstat(3, &st)); printf("%ld\n", (long)st.st_nlink); TRY(write(3, "still there", 11)); TRY(unlink("third")); TRY(fstat(3, &st)); printf("%ld\n", (long)st.st_nlink); TRY(pread(3, buffer, 5, 6)); printf("%.5s\n", buffer);
  TRY(read(99, buffer, 1)); TRY(read(3, (void *)8, 10)); TRY(write(3, (void *)-1, 10)); TRY(open((char *)8, O_RDONLY)); TRY(open("", O_RDONLY)); TRY(open("file/", O_RDONLY)); TRY(open("/", O_WRONLY)); TRY(read(open("/", O_RDONLY), buffer, 1)); TRY(flock(3, LOCK_EX)); struct flock lock = {F_WRLCK, SEEK_SET, 0, 10}; TRY(fcntl(3, F_SETLK, &lock)); TRY(posix_fallocate(3, 0, 10000)); TRY(lseek(3, 0, SEEK_END)); TRY(fsync(3)); TRY(fdatasync(3));
  char path[5000]; memset(path, 'x', 4999); path[4999] = 0; TRY(open(path, O_RDONLY)); path[300] = 0; TRY(open(path, O_RDONLY)); TRY(open("/dev/null", O_RDWR)); TRY(write(24, "x", 1)); TRY(open("f.d", O_CREAT | O_WRONLY, 0)); TRY(open("f.d", O_DIRECTORY)); TRY(syscall(436, 3, 100, 0)); TRY(open("again", O_CREAT, 0600));
  return 0;
}
