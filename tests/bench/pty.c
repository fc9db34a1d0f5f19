/*
 * Runs a console on a terminal of its own and measures what it writes there:
 *
 *   pty bytes WxH KEYS WARMUP SECONDS COMMAND...   bytes a second, after KEYS were pressed
 *   pty keys WxH KEYS TIMES COMMAND...             ms from a key to the last byte of its answer:
 *                                                  median, p99, worst; and how many had none
 *   pty idle WxH WARMUP SECONDS COMMAND...         % of a core, and memory of its own in kB
 *
 * KEYS are the characters to press; \e is Escape. It prints one line and judges nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMES_MAX 5000
#define KEY_EVERY_MS 70 /* between two keys: a fast hand */
#define QUIET_MS 15     /* so long nothing more: the answer is whole */
#define ANSWER_MS 500

static int terminal;
static pid_t child;

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void start(const char *size, char **command)
{
    struct winsize w = {0};
    if (sscanf(size, "%hux%hu", &w.ws_col, &w.ws_row) != 2)
        exit(2);
    child = forkpty(&terminal, NULL, NULL, &w);
    if (child < 0)
        exit(1);
    if (child == 0) {
        (void)setenv("TERM", "xterm-256color", 1);
        execvp(command[0], command);
        _exit(127);
    }
}

/* Reads what comes within `ms`; returns the bytes, and when the last of them came. */
static size_t take(double ms, double *last)
{
    char bytes[65536];
    size_t sum = 0;
    double end = now_ms() + ms;
    for (double left; (left = end - now_ms()) > 0;) {
        struct pollfd fd = {.fd = terminal, .events = POLLIN};
        if (poll(&fd, 1, (int)left + 1) <= 0)
            continue;
        ssize_t n = read(terminal, bytes, sizeof bytes);
        if (n <= 0) {
            fprintf(stderr, "pty: the command has ended\n");
            exit(1);
        }
        sum += (size_t)n;
        if (last)
            *last = now_ms();
    }
    return sum;
}

static void press(char key)
{
    if (write(terminal, &key, 1) != 1)
        exit(1);
}

static void press_all(const char *keys)
{
    for (; *keys; keys++) {
        bool escape = keys[0] == '\\' && keys[1] == 'e';
        press(escape ? 27 : *keys);
        keys += escape;
        (void)take(KEY_EVERY_MS, NULL);
    }
}

/* The answer to one key: it ends where a quiet begins. */
static double answer(char key)
{
    double at = now_ms(), last = 0;
    press(key);
    while (now_ms() - at < ANSWER_MS) {
        double newest = 0;
        (void)take(1, &newest);
        if (newest > 0)
            last = newest;
        if (last > 0 && now_ms() - last > QUIET_MS)
            break;
    }
    return last > 0 ? last - at : -1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_keys(const char *keys, int times)
{
    static double ms[TIMES_MAX];
    size_t n = strlen(keys);
    (void)take(2000, NULL);
    int answered = 0;
    for (int i = 0; i < times; i++) {
        double took = answer(keys[(size_t)i % n]);
        if (took >= 0)
            ms[answered++] = took;
        (void)take(KEY_EVERY_MS, NULL);
    }
    if (!answered)
        exit(1);
    qsort(ms, (size_t)answered, sizeof ms[0], by_value);
    printf("%.1f %.1f %.1f %d\n", ms[answered / 2], ms[answered * 99 / 100], ms[answered - 1],
           times - answered);
}

static double cpu_s(void)
{
    char path[64], text[1024];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        (void)fclose(f);
    text[n] = '\0';
    unsigned long user = 0, system = 0;
    const char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                        &system) != 2)
        exit(1);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long memory_kb(const char *what)
{
    char path[64], line[256];
    long sum = 0, kb;
    (void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)child);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, what, strlen(what)) == 0 &&
            sscanf(strchr(line, ':') + 1, "%ld", &kb) == 1)
            sum += kb;
    if (f)
        (void)fclose(f);
    return sum;
}

int main(int argc, char **argv)
{
    if (argc > 6 && strcmp(argv[1], "bytes") == 0) {
        double seconds = atof(argv[5]);
        start(argv[2], argv + 6);
        (void)take(2000, NULL);
        press_all(argv[3]);
        (void)take(atof(argv[4]) * 1000, NULL);
        printf("%.0f\n", (double)take(seconds * 1000, NULL) / seconds);
    } else if (argc > 5 && strcmp(argv[1], "keys") == 0) {
        int times = atoi(argv[4]);
        start(argv[2], argv + 5);
        measure_keys(argv[3], times < TIMES_MAX ? times : TIMES_MAX);
    } else if (argc > 5 && strcmp(argv[1], "idle") == 0) {
        double seconds = atof(argv[4]);
        start(argv[2], argv + 5);
        (void)take(atof(argv[3]) * 1000, NULL);
        double before = cpu_s();
        (void)take(seconds * 1000, NULL);
        printf("%.2f %ld %ld\n", (cpu_s() - before) / seconds * 100, memory_kb("Private"),
               memory_kb("Rss"));
    } else {
        fprintf(stderr, "usage: pty bytes|keys|idle WxH ...\n");
        return 2;
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    return 0;
}
