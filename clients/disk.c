// A disk that forgets and refuses, and a clock that jumps, between a program and its machine (LD_PRELOAD; glibc, x86-64 and aarch64).
//
//   MARU_DISK          the folder that lies on this disk
//   MARU_DISK_CONTROL  a file with what is wrong now, read again whenever it changes
//   MARU_DISK_LOG      what happened, a line each
//   MARU_DISK_SEED     for what a power cut keeps and when it comes
//   MARU_DISK_FORGETS  1: what was not synced can be lost
//   MARU_DISK_CUT_AT   N: the power goes at the Nth sync
//
// The control file holds words: `cut` (the power goes now), `cut-in N` (at the Nth sync from now), `full` (writes that grow a file,
// and new names, answer ENOSPC), `full-all` (every write does, as where writes are copies), `read-only` (EROFS), `sync-fails` (EIO),
// `sync-delay MS`, `write-delay MS`, `clock S` (the time of day is S seconds off; time that only counts is not).
//
// Forgetting. Each write and each change of a length is remembered with the bytes it replaced, until an fsync of that file
// succeeds; each change of a name, until an fsync of its folder does. When the power goes, everything unsynced is taken back, and
// then a part of it is done again: of the bytes nothing, all, the first few writes, some writes, or some sectors (a disk may write in any
// order and stop in the middle); of the names of one folder the first few (file systems keep these in order). After an fsync that failed
// the bytes it was about stay unsynced for good, whatever a later fsync answers: this is what Linux does. Then the program ends, with 137.
// A file's length is forgotten together with its bytes. Names ending in `-shm` are memory and go away with the power.
// The syncs themselves cost nothing here: the machine below stays up.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define FDS 65536
#define SECTOR 512

struct change {
    struct change *next, *before;
    int resize, durable, doomed;
    off_t at, old_size, new_size;
    size_t length, old_length;
    char *old_bytes, *new_bytes;
};

struct file {
    struct file *next;
    dev_t dev;
    ino_t ino;
    int folder, memory;
    char path[PATH_MAX];
    struct change *first, *last;
};

enum naming { MADE, RENAMED, REMOVED };

struct name {
    struct name *next, *before;
    enum naming what;
    int folder_made;
    char from[PATH_MAX], to[PATH_MAX], kept[PATH_MAX];
};

struct handle {
    struct file *file;
    int append, sync;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char root[PATH_MAX], trash[PATH_MAX + 8], control[PATH_MAX], log_path[PATH_MAX];
static size_t root_length;
static int forgets, active;
static uint64_t dice = 1;
static long cut_at, syncs, writes, kept_names;
static struct handle handles[FDS];
static struct file *files;
static struct name *names, *last_name;
static volatile long clock_off;
static volatile int wrong_full, wrong_full_all, wrong_read_only, wrong_sync, delay_sync, delay_write;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_rmdir)(const char *);
static int (*real_link)(const char *, const char *);
static int (*real_clock)(clockid_t, struct timespec *);
static int (*real_dup)(int);
static int (*real_dup2)(int, int);
static int (*real_dup3)(int, int, int);
static int (*real_fcntl)(int, int, ...);

static void say(const char *format, ...) {
    if (!log_path[0]) return;
    char line[1024];
    va_list rest;
    va_start(rest, format);
    int length = vsnprintf(line, sizeof line, format, rest);
    va_end(rest);
    if (length < 0) return;
    if (length > (int)sizeof line - 1) length = sizeof line - 1;
    int out = real_open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (out < 0) return;
    if (real_write(out, line, (size_t)length) < 0) { /* nobody to tell */ }
    real_close(out);
}

static void stop(const char *why) {
    say("fault %s: %s\n", why, strerror(errno));
    fprintf(stderr, "disk: %s: %s\n", why, strerror(errno));
    _exit(99);
}

/// xorshift: the same seed cuts the same way as long as the program does the same.
static uint64_t roll(uint64_t sides) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return sides ? dice % sides : 0;
}

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static int below(const char *path) {
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/// The path with its folder resolved; the last part may not exist. 0: it is not on this disk.
static int resolve(int at, const char *path, char *out) {
    char whole[PATH_MAX];
    if (path[0] != '/' && at != AT_FDCWD) {
        char link[64], folder[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t length = readlink(link, folder, sizeof folder - 1);
        if (length < 0) return 0;
        folder[length] = 0;
        if (snprintf(whole, sizeof whole, "%s/%s", folder, path) >= (int)sizeof whole) return 0;
    } else if (snprintf(whole, sizeof whole, "%s", path) >= (int)sizeof whole) {
        return 0;
    }
    size_t length = strlen(whole);
    while (length > 1 && whole[length - 1] == '/') whole[--length] = 0;
    char *slash = strrchr(whole, '/');
    const char *last = slash ? slash + 1 : whole;
    char folder[PATH_MAX];
    if (slash == whole) strcpy(folder, "/");
    else if (slash) snprintf(folder, sizeof folder, "%.*s", (int)(slash - whole), whole);
    else strcpy(folder, ".");
    char real[PATH_MAX];
    if (!realpath(folder, real)) return 0;
    if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
        if (!realpath(whole, out)) return 0;
    } else if (snprintf(out, PATH_MAX, "%s/%s", strcmp(real, "/") ? real : "", last) >= PATH_MAX) {
        return 0;
    }
    return below(out);
}

static void parent(const char *path, char *out) {
    snprintf(out, PATH_MAX, "%s", path);
    char *slash = strrchr(out, '/');
    if (slash) *slash = 0;
}

static void rest_for(int milliseconds) {
    if (milliseconds <= 0) return;
    struct timespec time = { milliseconds / 1000, (long)(milliseconds % 1000) * 1000000L };
    nanosleep(&time, NULL);
}

// --- the power goes ------------------------------------------------------------------------------

static void put(int out, const char *bytes, size_t length, off_t at) {
    while (length > 0) {
        ssize_t done = real_pwrite(out, bytes, length, at);
        if (done <= 0) stop("could not put bytes back");
        bytes += done;
        at += done;
        length -= (size_t)done;
    }
}

enum mode { NOTHING, ALL, FIRST, SOME, SECTORS, MODES };
static const char *const MODE[] = { "nothing", "all", "the first", "some", "some sectors of" };

static void forget_bytes(struct file *file) {
    if (!file->first || file->folder) return;
    int out = real_open(file->path, O_RDWR | O_CLOEXEC);
    if (out < 0) {
        if (errno == ENOENT) return;
        stop(file->path);
    }
    long count = 0, again = 0;
    for (struct change *c = file->last; c; c = c->before) {
        count += !c->durable;
        if (c->old_length) put(out, c->old_bytes, c->old_length, c->at);
        if (real_ftruncate(out, c->old_size) != 0) stop("could not take a length back");
    }
    enum mode mode = (enum mode)roll(MODES);
    long first = (long)roll((uint64_t)count + 1), seen = 0;
    for (struct change *c = file->first; c; c = c->next) {
        int whole = c->durable, torn = 0;
        if (!whole) {
            switch (mode) {
            case ALL: whole = 1; break;
            case FIRST: whole = seen < first; torn = seen == first; break;
            case SOME: whole = (int)roll(2); break;
            case SECTORS: torn = 1; break;
            default: break;
            }
            // What a failed fsync was about had every chance to be written, and none to be told.
            seen += 1;
        }
        if (c->resize) {
            if ((whole || (torn && roll(2))) && real_ftruncate(out, c->new_size) != 0) stop("could not do a length again");
            again += whole;
            continue;
        }
        if (whole) put(out, c->new_bytes, c->length, c->at);
        again += whole && !c->durable;
        for (size_t from = 0; torn && from < c->length;) {
            size_t to = from + SECTOR - (size_t)(c->at + (off_t)from) % SECTOR;
            if (to > c->length) to = c->length;
            if (roll(2)) put(out, c->new_bytes + from, to - from, c->at + (off_t)from);
            from = to;
        }
    }
    if (count) say("lost %s: %ld unsynced, kept %s, %ld whole\n", file->path + root_length, count, MODE[mode], again);
    real_close(out);
}

/// Which names stay: of each folder the first few.
static int stays(const struct name *one, const char (*folders)[PATH_MAX], const long *keep, long *met, int known) {
    char folder[PATH_MAX];
    parent(one->to[0] ? one->to : one->from, folder);
    for (int i = 0; i < known; i += 1)
        if (strcmp(folders[i], folder) == 0) return met[i]++ < keep[i];
    return 1;
}

#define FOLDERS 4096
static void forget_names(void) {
    static char folders[FOLDERS][PATH_MAX];
    static long count[FOLDERS], keep[FOLDERS], met[FOLDERS];
    int known = 0;
    for (struct name *n = names; n; n = n->next) {
        char folder[PATH_MAX];
        parent(n->to[0] ? n->to : n->from, folder);
        int i = 0;
        while (i < known && strcmp(folders[i], folder)) i += 1;
        if (i == known && known < FOLDERS) strcpy(folders[known++], folder);
        if (i < FOLDERS) count[i] += 1;
    }
    for (int i = 0; i < known; i += 1) {
        keep[i] = (long)roll((uint64_t)count[i] + 1);
        say("lost names of %s/: %ld of %ld\n", folders[i] + root_length, count[i] - keep[i], count[i]);
    }
    for (struct name *n = names; n; n = n->next) n->folder_made = stays(n, folders, keep, met, known);
    for (struct name *n = last_name; n; n = n->before) {
        if (n->folder_made) {
            if (n->kept[0]) real_unlink(n->kept);
            continue;
        }
        switch (n->what) {
        case MADE:
            // What was made in it later, and has a folder's own sync behind it, cannot stay either.
            if (real_unlink(n->to) != 0 && errno == EISDIR && real_rmdir(n->to) != 0) say("kept the folder %s: not empty\n", n->to);
            break;
        case RENAMED:
            if (real_rename(n->to, n->from) != 0 && errno != ENOENT) stop("could not take a rename back");
            if (n->kept[0] && real_rename(n->kept, n->to) != 0) stop("could not bring back what a rename covered");
            break;
        case REMOVED:
            if (real_rename(n->kept, n->from) != 0) stop("could not bring back what was removed");
            break;
        }
    }
}

/// Holding the lock: nothing on this disk is read or written any more, so nobody is told what was forgotten.
static void cut(const char *why) {
    say("cut %s: sync %ld, write %ld\n", why, syncs, writes);
    if (forgets) {
        for (struct file *f = files; f; f = f->next) {
            if (f->memory) real_unlink(f->path);
            else forget_bytes(f);
        }
        forget_names();
    }
    _exit(137);
}

// --- what is wrong now ---------------------------------------------------------------------------

static void read_control(void) {
    char text[512] = "";
    int in = real_open(control, O_RDONLY | O_CLOEXEC);
    if (in >= 0) {
        ssize_t length = real_read(in, text, sizeof text - 1);
        text[length > 0 ? length : 0] = 0;
        real_close(in);
    }
    int full = 0, full_all = 0, read_only = 0, fails = 0, sync_ms = 0, write_ms = 0, now = 0, soon = 0;
    long off = 0;
    char *place = NULL;
    for (char *word = strtok_r(text, " \n", &place); word; word = strtok_r(NULL, " \n", &place)) {
        if (!strcmp(word, "full")) full = 1;
        else if (!strcmp(word, "full-all")) full = full_all = 1;
        else if (!strcmp(word, "read-only")) read_only = 1;
        else if (!strcmp(word, "sync-fails")) fails = 1;
        else if (!strcmp(word, "cut")) now = 1;
        else if (!strcmp(word, "cut-in") || !strcmp(word, "sync-delay") || !strcmp(word, "write-delay")) {
            char *number = strtok_r(NULL, " \n", &place);
            *(word[0] == 'c' ? &soon : word[0] == 's' ? &sync_ms : &write_ms) = number ? atoi(number) : 0;
        } else if (!strcmp(word, "clock")) {
            char *number = strtok_r(NULL, " \n", &place);
            off = number ? atol(number) : 0;
        } else say("fault: no such word: %s\n", word);
    }
    pthread_mutex_lock(&lock);
    wrong_full = full, wrong_full_all = full_all, wrong_read_only = read_only, wrong_sync = fails;
    delay_sync = sync_ms, delay_write = write_ms, clock_off = off;
    say("now full=%d read-only=%d sync-fails=%d delays=%d,%d: sync %ld, write %ld\n", full + full_all, read_only, fails, sync_ms,
        write_ms, syncs, writes);
    if (soon) cut_at = syncs + soon;
    if (now) cut("asked");
    pthread_mutex_unlock(&lock);
}

static void *watch(void *unused) {
    struct stat seen = { 0 }, is;
    for (;;) {
        if (stat(control, &is) == 0 && (is.st_mtim.tv_nsec != seen.st_mtim.tv_nsec || is.st_mtim.tv_sec != seen.st_mtim.tv_sec ||
                                        is.st_ino != seen.st_ino || is.st_size != seen.st_size)) {
            seen = is;
            read_control();
        }
        rest_for(2);
    }
    return unused;
}

#define FIND(name, symbol)                                        \
    do {                                                          \
        *(void **)&real_##name = dlsym(RTLD_NEXT, symbol);        \
        if (!real_##name) { fprintf(stderr, "disk: no %s\n", symbol); _exit(99); } \
    } while (0)

static void begin(void) {
    FIND(open, "open");
    FIND(openat, "openat");
    FIND(close, "close");
    FIND(read, "read");
    FIND(pread, "pread64");
    FIND(write, "write");
    FIND(pwrite, "pwrite64");
    FIND(writev, "writev");
    FIND(fsync, "fsync");
    FIND(fdatasync, "fdatasync");
    FIND(ftruncate, "ftruncate64");
    FIND(rename, "rename");
    FIND(unlink, "unlink");
    FIND(mkdir, "mkdir");
    FIND(rmdir, "rmdir");
    FIND(link, "link");
    FIND(clock, "clock_gettime");
    FIND(dup, "dup");
    FIND(dup2, "dup2");
    FIND(dup3, "dup3");
    FIND(fcntl, "fcntl64");
    const char *folder = getenv("MARU_DISK");
    if (!folder || !realpath(folder, root)) return;
    root_length = strlen(root);
    snprintf(trash, sizeof trash, "%s.taken", root);
    const char *text;
    if ((text = getenv("MARU_DISK_LOG"))) snprintf(log_path, sizeof log_path, "%s", text);
    if ((text = getenv("MARU_DISK_CONTROL"))) snprintf(control, sizeof control, "%s", text);
    if ((text = getenv("MARU_DISK_CUT_AT"))) cut_at = atol(text);
    forgets = (text = getenv("MARU_DISK_FORGETS")) && text[0] == '1';
    if ((text = getenv("MARU_DISK_SEED"))) dice = strtoull(text, NULL, 10) * 0x9E3779B97F4A7C15ULL + 1;
    for (int i = 0; i < 16; i += 1) roll(2);
    if (forgets && real_mkdir(trash, 0700) != 0 && errno != EEXIST) stop(trash);
    active = 1;
    say("disk %s forgets=%d pid=%d\n", root, forgets, (int)getpid());
}

__attribute__((constructor)) static void start(void) {
    pthread_once(&once, begin);
    pthread_t thread;
    if (active && control[0]) {
        // What is wrong from the beginning is wrong before the first write.
        struct stat is;
        if (stat(control, &is) == 0 && is.st_size) read_control();
        if (pthread_create(&thread, NULL, watch, NULL) != 0) stop("could not watch");
        pthread_detach(thread);
    }
}

// --- files ---------------------------------------------------------------------------------------

static struct handle *handle_of(int fd) {
    return active && fd >= 0 && fd < FDS && handles[fd].file ? &handles[fd] : NULL;
}

static struct file *file_of(const struct stat *is) {
    for (struct file *f = files; f; f = f->next)
        if (f->ino == is->st_ino && f->dev == is->st_dev) return f;
    struct file *f = calloc(1, sizeof *f);
    if (!f) stop("no memory");
    f->ino = is->st_ino;
    f->dev = is->st_dev;
    f->next = files;
    files = f;
    return f;
}

static void drop(struct change *c) {
    free(c->old_bytes);
    free(c->new_bytes);
    free(c);
}

/// Drops what needs no taking back: everything before the first change that could still be lost.
static void prune(struct file *file) {
    while (file->first && file->first->durable) {
        struct change *c = file->first;
        file->first = c->next;
        if (file->first) file->first->before = NULL;
        else file->last = NULL;
        drop(c);
    }
}

static void remember(struct file *file, struct change *c) {
    c->before = file->last;
    if (file->last) file->last->next = c;
    else file->first = c;
    file->last = c;
    prune(file);
}

/// What is at a place now, before it is written over.
static struct change *before_change(int fd, off_t at, size_t length) {
    struct stat is;
    if (fstat(fd, &is) != 0) stop("no length");
    struct change *c = calloc(1, sizeof *c);
    if (!c) stop("no memory");
    c->at = at;
    c->old_size = is.st_size;
    if (at < is.st_size && length) {
        size_t there = (size_t)(is.st_size - at) < length ? (size_t)(is.st_size - at) : length;
        c->old_bytes = malloc(there);
        if (!c->old_bytes) stop("no memory");
        while (c->old_length < there) {
            ssize_t got = real_pread(fd, c->old_bytes + c->old_length, there - c->old_length, at + (off_t)c->old_length);
            if (got <= 0) stop("could not read what is written over");
            c->old_length += (size_t)got;
        }
    }
    return c;
}

/// Holding the lock; `bytes` go to `at`, or to where the file stands (`at` < 0).
static ssize_t written(int fd, struct handle *handle, const char *bytes, size_t length, off_t at) {
    if (wrong_read_only) return errno = EROFS, -1;
    if (handle->file->memory) return at < 0 ? real_write(fd, bytes, length) : real_pwrite(fd, bytes, length, at);
    struct stat is;
    if (fstat(fd, &is) != 0) return -1;
    off_t place = at >= 0 ? at : handle->append ? is.st_size : lseek(fd, 0, SEEK_CUR);
    if (wrong_full_all || (wrong_full && place + (off_t)length > is.st_size)) return errno = ENOSPC, -1;
    struct change *c = forgets ? before_change(fd, place, length) : NULL;
    ssize_t done = at < 0 ? real_write(fd, bytes, length) : real_pwrite(fd, bytes, length, at);
    int kept_errno = errno;
    writes += 1;
    if (c && done > 0) {
        c->length = (size_t)done;
        if (c->old_length > c->length) c->old_length = c->length;
        c->new_bytes = malloc(c->length);
        if (!c->new_bytes) stop("no memory");
        memcpy(c->new_bytes, bytes, c->length);
        c->durable = handle->sync;
        remember(handle->file, c);
    } else if (c) {
        drop(c);
    }
    errno = kept_errno;
    return done;
}

static int resized(int fd, struct handle *handle, off_t size) {
    if (wrong_read_only) return errno = EROFS, -1;
    if (handle->file->memory) return real_ftruncate(fd, size);
    struct stat is;
    if (fstat(fd, &is) != 0) return -1;
    if ((wrong_full && size > is.st_size) || wrong_full_all) return errno = ENOSPC, -1;
    struct change *c = NULL;
    if (forgets && size != is.st_size) {
        c = before_change(fd, size < is.st_size ? size : is.st_size, size < is.st_size ? (size_t)(is.st_size - size) : 0);
        c->resize = 1;
        c->new_size = size;
        c->durable = handle->sync;
    }
    int done = real_ftruncate(fd, size);
    if (c && done == 0) remember(handle->file, c);
    else if (c) drop(c);
    return done;
}

// --- names ---------------------------------------------------------------------------------------

static void remember_name(enum naming what, const char *from, const char *to, const char *kept) {
    struct name *n = calloc(1, sizeof *n);
    if (!n) stop("no memory");
    n->what = what;
    if (from) snprintf(n->from, sizeof n->from, "%s", from);
    if (to) snprintf(n->to, sizeof n->to, "%s", to);
    if (kept) snprintf(n->kept, sizeof n->kept, "%s", kept);
    n->before = last_name;
    if (last_name) last_name->next = n;
    else names = n;
    last_name = n;
}

/// The names of one folder are on disk. What a rename between folders did is, once one of the two is.
static void names_synced(const char *folder) {
    for (struct name *n = names, *next; n; n = next) {
        next = n->next;
        char from[PATH_MAX], to[PATH_MAX];
        parent(n->from, from);
        parent(n->to, to);
        if (strcmp(from, folder) && strcmp(to, folder)) continue;
        if (n->kept[0]) real_unlink(n->kept);
        if (n->before) n->before->next = n->next;
        else names = n->next;
        if (n->next) n->next->before = n->before;
        else last_name = n->before;
        free(n);
    }
}

static void moved(const char *from, const char *to) {
    size_t length = strlen(from);
    for (struct file *f = files; f; f = f->next) {
        if (strncmp(f->path, from, length) || (f->path[length] && f->path[length] != '/')) continue;
        char rest[PATH_MAX];
        snprintf(rest, sizeof rest, "%s", f->path + length);
        if (snprintf(f->path, sizeof f->path, "%s%s", to, rest) >= (int)sizeof f->path) stop("a path too long");
    }
}

static void new_kept(char *out) {
    if (snprintf(out, PATH_MAX, "%s/%d-%ld", trash, (int)getpid(), ++kept_names) >= PATH_MAX) stop("a path too long");
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    pthread_once(&once, begin);
    char whole[PATH_MAX];
    if (!active || (flags & O_PATH) == O_PATH || !resolve(at, path, whole)) return real_openat(at, path, flags, mode);
    if ((flags & O_TMPFILE) == O_TMPFILE) return errno = EOPNOTSUPP, -1;
    pthread_mutex_lock(&lock);
    int how = flags & O_ACCMODE;
    struct stat is;
    int there = stat(whole, &is) == 0, fd = -1;
    if ((how != O_RDONLY || (flags & O_CREAT && !there)) && wrong_read_only) errno = EROFS;
    else if (flags & O_CREAT && !there && wrong_full) errno = ENOSPC;
    else {
        // To remember what is written over, it must be readable.
        int wanted = how == O_WRONLY ? (flags & ~O_ACCMODE) | O_RDWR : flags;
        fd = real_openat(AT_FDCWD, whole, wanted & ~O_TRUNC, mode);
        if (fd >= FDS) {
            real_close(fd);
            fd = -1;
            errno = EMFILE;
        }
    }
    if (fd >= 0 && fstat(fd, &is) == 0) {
        struct file *file = file_of(&is);
        file->folder = S_ISDIR(is.st_mode);
        if (!there) {
            // The number may have been somebody else's, who is gone.
            while (file->first) {
                file->first->durable = 1;
                prune(file);
            }
        }
        snprintf(file->path, sizeof file->path, "%s", whole);
        file->memory = ends_with(whole, "-shm");
        handles[fd] = (struct handle){ file, !!(flags & O_APPEND), (flags & O_DSYNC) == O_DSYNC };
        if (forgets && !there && !file->memory) remember_name(MADE, NULL, whole, NULL);
        if (flags & O_TRUNC && how != O_RDONLY && is.st_size && resized(fd, &handles[fd], 0) != 0) {
            int why = errno;
            handles[fd].file = NULL;
            real_close(fd);
            fd = -1;
            errno = why;
        }
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? (mode_t)va_arg(rest, int) : 0;
}

#define OPEN(name)                                   \
    EXPORT int name(const char *path, int flags, ...) { \
        va_list rest;                                \
        va_start(rest, flags);                       \
        mode_t mode = mode_of(flags, rest);          \
        va_end(rest);                                \
        return opened(AT_FDCWD, path, flags, mode);  \
    }
#define OPENAT(name)                                         \
    EXPORT int name(int at, const char *path, int flags, ...) { \
        va_list rest;                                        \
        va_start(rest, flags);                               \
        mode_t mode = mode_of(flags, rest);                  \
        va_end(rest);                                        \
        return opened(at, path, flags, mode);                \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

EXPORT int creat(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
EXPORT int creat64(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int close(int fd) {
    pthread_once(&once, begin);
    if (!handle_of(fd)) return real_close(fd);
    pthread_mutex_lock(&lock);
    handles[fd].file = NULL;
    int done = real_close(fd);
    pthread_mutex_unlock(&lock);
    return done;
}

static int copied(int from, int to) {
    if (active && from >= 0 && from < FDS && to >= 0 && to < FDS) handles[to] = handles[from];
    return to;
}
EXPORT int dup(int fd) {
    pthread_once(&once, begin);
    return copied(fd, real_dup(fd));
}
EXPORT int dup2(int fd, int to) {
    pthread_once(&once, begin);
    return copied(fd, real_dup2(fd, to));
}
EXPORT int dup3(int fd, int to, int flags) {
    pthread_once(&once, begin);
    return copied(fd, real_dup3(fd, to, flags));
}

static int controlled(int fd, int what, void *argument) {
    pthread_once(&once, begin);
    int done = real_fcntl(fd, what, argument);
    return what == F_DUPFD || what == F_DUPFD_CLOEXEC ? copied(fd, done) : done;
}
#define FCNTL(name)                        \
    EXPORT int name(int fd, int what, ...) { \
        va_list rest;                      \
        va_start(rest, what);              \
        void *argument = va_arg(rest, void *); \
        va_end(rest);                      \
        return controlled(fd, what, argument); \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

// --- reading and writing -------------------------------------------------------------------------

EXPORT ssize_t read(int fd, void *into, size_t length) {
    pthread_once(&once, begin);
    if (!handle_of(fd)) return real_read(fd, into, length);
    pthread_mutex_lock(&lock);
    ssize_t done = real_read(fd, into, length);
    pthread_mutex_unlock(&lock);
    return done;
}

#define PREAD(name)                                                       \
    EXPORT ssize_t name(int fd, void *into, size_t length, off_t at) {    \
        pthread_once(&once, begin);                                       \
        if (!handle_of(fd)) return real_pread(fd, into, length, at);      \
        pthread_mutex_lock(&lock);                                        \
        ssize_t done = real_pread(fd, into, length, at);                  \
        pthread_mutex_unlock(&lock);                                      \
        return done;                                                      \
    }
PREAD(pread)
PREAD(pread64)

static ssize_t write_at(int fd, const void *bytes, size_t length, off_t at) {
    if (delay_write) rest_for(delay_write);
    pthread_mutex_lock(&lock);
    struct handle *handle = handle_of(fd);
    ssize_t done = handle ? written(fd, handle, bytes, length, at) : (errno = EBADF, -1);
    pthread_mutex_unlock(&lock);
    return done;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t length) {
    pthread_once(&once, begin);
    return handle_of(fd) ? write_at(fd, bytes, length, -1) : real_write(fd, bytes, length);
}

#define PWRITE(name)                                                         \
    EXPORT ssize_t name(int fd, const void *bytes, size_t length, off_t at) { \
        pthread_once(&once, begin);                                          \
        return handle_of(fd) ? write_at(fd, bytes, length, at) : real_pwrite(fd, bytes, length, at); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) {
    pthread_once(&once, begin);
    if (!handle_of(fd)) return real_writev(fd, parts, count);
    ssize_t all = 0;
    for (int i = 0; i < count; i += 1) {
        ssize_t done = write_at(fd, parts[i].iov_base, parts[i].iov_len, -1);
        if (done < 0) return all ? all : done;
        all += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return all;
}

#define PWRITEV(name)                                                                    \
    EXPORT ssize_t name(int fd, const struct iovec *parts, int count, off_t at) {        \
        pthread_once(&once, begin);                                                      \
        ssize_t all = 0;                                                                 \
        for (int i = 0; i < count; i += 1) {                                             \
            ssize_t done = handle_of(fd) ? write_at(fd, parts[i].iov_base, parts[i].iov_len, at + all) \
                                         : real_pwrite(fd, parts[i].iov_base, parts[i].iov_len, at + all); \
            if (done < 0) return all ? all : done;                                       \
            all += done;                                                                 \
            if ((size_t)done < parts[i].iov_len) break;                                  \
        }                                                                                \
        return all;                                                                      \
    }
PWRITEV(pwritev)
PWRITEV(pwritev64)

/// Whoever copies in the kernel is told to do it by hand.
EXPORT ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t length, unsigned flags) {
    (void)from, (void)from_at, (void)to, (void)to_at, (void)length, (void)flags;
    return errno = ENOSYS, -1;
}
EXPORT int fallocate(int fd, int mode, off_t at, off_t length) {
    (void)fd, (void)mode, (void)at, (void)length;
    return errno = EOPNOTSUPP, -1;
}
EXPORT int fallocate64(int fd, int mode, off_t at, off_t length) {
    return fallocate(fd, mode, at, length);
}
EXPORT int posix_fallocate(int fd, off_t at, off_t length) {
    (void)fd, (void)at, (void)length;
    return EOPNOTSUPP;
}
EXPORT int posix_fallocate64(int fd, off_t at, off_t length) {
    return posix_fallocate(fd, at, length);
}

// --- the clock -----------------------------------------------------------------------------------

EXPORT int clock_gettime(clockid_t which, struct timespec *into) {
    pthread_once(&once, begin);
    int done = real_clock(which, into);
    if (done == 0 && which == CLOCK_REALTIME) into->tv_sec += clock_off;
    return done;
}

// --- syncs ---------------------------------------------------------------------------------------

static int synced(int fd, int (*real)(int)) {
    pthread_once(&once, begin);
    if (!handle_of(fd)) return real(fd);
    if (delay_sync) rest_for(delay_sync);
    pthread_mutex_lock(&lock);
    struct handle *handle = handle_of(fd);
    if (!handle) {
        pthread_mutex_unlock(&lock);
        return errno = EBADF, -1;
    }
    struct file *file = handle->file;
    syncs += 1;
    // Half of the cuts come before the sync, half after it, when nobody was told yet.
    int due = cut_at && syncs >= cut_at;
    if (due && roll(2)) cut("before a sync");
    int done = 0;
    if (wrong_sync || wrong_read_only) {
        for (struct change *c = file->first; c; c = c->next) c->doomed |= !c->durable;
        done = -1;
    } else {
        for (struct change *c = file->first; c; c = c->next) c->durable |= !c->doomed;
        prune(file);
        if (file->folder && forgets) names_synced(file->path);
        if (!forgets) done = real(fd);
    }
    if (due) cut("after a sync");
    pthread_mutex_unlock(&lock);
    if (done && (wrong_sync || wrong_read_only)) errno = EIO;
    return done;
}
EXPORT int fsync(int fd) {
    pthread_once(&once, begin);
    return synced(fd, real_fsync);
}
EXPORT int fdatasync(int fd) {
    pthread_once(&once, begin);
    return synced(fd, real_fdatasync);
}

static int ftruncated(int fd, off_t size) {
    pthread_once(&once, begin);
    if (!handle_of(fd)) return real_ftruncate(fd, size);
    pthread_mutex_lock(&lock);
    struct handle *handle = handle_of(fd);
    int done = handle ? resized(fd, handle, size) : (errno = EBADF, -1);
    pthread_mutex_unlock(&lock);
    return done;
}
EXPORT int ftruncate(int fd, off_t size) {
    return ftruncated(fd, size);
}
EXPORT int ftruncate64(int fd, off_t size) {
    return ftruncated(fd, size);
}

// --- changing names ------------------------------------------------------------------------------

static int renamed(int from_at, const char *from, int to_at, const char *to) {
    pthread_once(&once, begin);
    char a[PATH_MAX], b[PATH_MAX], kept[PATH_MAX] = "";
    int ours = active && resolve(from_at, from, a), theirs = active && resolve(to_at, to, b);
    if (!ours && !theirs) {
        if (from_at == AT_FDCWD && to_at == AT_FDCWD) return real_rename(from, to);
        static int (*real)(int, const char *, int, const char *);
        if (!real) *(void **)&real = dlsym(RTLD_NEXT, "renameat");
        return real(from_at, from, to_at, to);
    }
    if (!ours || !theirs) return errno = EXDEV, -1;
    pthread_mutex_lock(&lock);
    int done = -1;
    struct stat is;
    int covers = lstat(b, &is) == 0;
    if (wrong_read_only) errno = EROFS;
    else {
        if (forgets && covers && !S_ISDIR(is.st_mode)) {
            new_kept(kept);
            if (real_link(b, kept) != 0) stop("could not keep what a rename covers");
        }
        done = real_rename(a, b);
        if (done == 0) {
            if (kept[0]) moved(b, kept);
            moved(a, b);
            if (forgets) remember_name(RENAMED, a, b, kept);
        } else if (kept[0]) {
            int why = errno;
            real_unlink(kept);
            errno = why;
        }
    }
    pthread_mutex_unlock(&lock);
    return done;
}
EXPORT int rename(const char *from, const char *to) {
    return renamed(AT_FDCWD, from, AT_FDCWD, to);
}
EXPORT int renameat(int from_at, const char *from, int to_at, const char *to) {
    return renamed(from_at, from, to_at, to);
}

static int unlinked(int at, const char *path) {
    pthread_once(&once, begin);
    char whole[PATH_MAX], kept[PATH_MAX];
    if (!active || !resolve(at, path, whole)) {
        if (at == AT_FDCWD) return real_unlink(path);
        static int (*real)(int, const char *, int);
        if (!real) *(void **)&real = dlsym(RTLD_NEXT, "unlinkat");
        return real(at, path, 0);
    }
    pthread_mutex_lock(&lock);
    int done = -1;
    struct stat is;
    if (lstat(whole, &is) != 0) done = -1;
    else if (wrong_read_only) errno = EROFS;
    else if (S_ISDIR(is.st_mode)) errno = EISDIR;
    else if (!forgets || ends_with(whole, "-shm")) done = real_unlink(whole);
    else {
        new_kept(kept);
        done = real_rename(whole, kept);
        if (done == 0) {
            moved(whole, kept);
            remember_name(REMOVED, whole, NULL, kept);
        }
    }
    pthread_mutex_unlock(&lock);
    return done;
}
static int unfoldered(int at, const char *path) {
    pthread_once(&once, begin);
    char whole[PATH_MAX];
    if (active && resolve(at, path, whole)) {
        if (wrong_read_only) return errno = EROFS, -1;
        // Nobody here takes folders away; a cut could not bring one back.
        if (forgets) return errno = EBUSY, -1;
    }
    static int (*real)(int, const char *, int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "unlinkat");
    return real(at, path, AT_REMOVEDIR);
}
EXPORT int unlink(const char *path) {
    return unlinked(AT_FDCWD, path);
}
EXPORT int rmdir(const char *path) {
    return unfoldered(AT_FDCWD, path);
}
EXPORT int unlinkat(int at, const char *path, int flags) {
    return flags & AT_REMOVEDIR ? unfoldered(at, path) : unlinked(at, path);
}

static int foldered(int at, const char *path, mode_t mode) {
    pthread_once(&once, begin);
    char whole[PATH_MAX];
    if (!active || !resolve(at, path, whole)) {
        if (at == AT_FDCWD) return real_mkdir(path, mode);
        static int (*real)(int, const char *, mode_t);
        if (!real) *(void **)&real = dlsym(RTLD_NEXT, "mkdirat");
        return real(at, path, mode);
    }
    pthread_mutex_lock(&lock);
    struct stat is;
    int done = -1;
    if (lstat(whole, &is) == 0) errno = EEXIST;
    else if (wrong_read_only) errno = EROFS;
    else if (wrong_full) errno = ENOSPC;
    else done = real_mkdir(whole, mode);
    if (done == 0 && forgets) remember_name(MADE, NULL, whole, NULL);
    pthread_mutex_unlock(&lock);
    return done;
}
EXPORT int mkdir(const char *path, mode_t mode) {
    return foldered(AT_FDCWD, path, mode);
}
EXPORT int mkdirat(int at, const char *path, mode_t mode) {
    return foldered(at, path, mode);
}
EXPORT int link(const char *from, const char *to) {
    pthread_once(&once, begin);
    char whole[PATH_MAX];
    // Nobody here makes second names.
    if (active && resolve(AT_FDCWD, to, whole)) return errno = EPERM, -1;
    return real_link(from, to);
}
