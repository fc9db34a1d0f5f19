/* Names the command and hands over. */
#include "config.h"
#include "cli/cli.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} commands[] = {
    {"plan", cmd_plan, "print every phase with its SQL, lock and way back; changes nothing"},
    {"lint", cmd_lint, "check migration files and newel.ini offline"},
    {"run", cmd_run, "start or resume the engine, and open the console on it"},
    {"attach", cmd_attach, "open a console on a running engine"},
    {"ctl", cmd_ctl, "send a running engine one command"},
    {"status", cmd_status, "where each target stands, read from the targets"},
    {"gate", cmd_gate, "has every target completed a phase?"},
    {"review", cmd_review, "open the console on a recorded session"},
    {"verify", cmd_verify, "check a journal's hash chain"},
    {"demo", cmd_demo, "private servers, live traffic, and the console on them"},
    {"init", cmd_init, "write a commented newel.ini and an example migration"},
};

static void print_usage(FILE *out)
{
    fputs("usage: newel COMMAND [OPTION]... [ARGUMENT]...\n"
          "Adds a column to a live, loaded table, one phase at a time.\n\n",
          out);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].about);
    fputs("\nnewel COMMAND --help tells more; so does newel(1).\n", out);
}

/* Else the next file that is opened, a journal perhaps, would take what is printed. */
static void occupy_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        (void)close(fd);
}

/* What could not be written was not said: a full disk must not look like a yes. */
static int finish(int status)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !failed)
        return status;
    /* whoever closed the pipe (head, less) has seen enough */
    if (errno != EPIPE)
        fprintf(stderr, "newel: the output could not be written%s%s\n", errno ? ": " : "",
                errno ? strerror(errno) : "");
    return status ? status : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    occupy_standard_files();
    (void)setlocale(LC_ALL, "");
    (void)setlocale(LC_NUMERIC, "C"); /* numbers in SQL and JSON have a point */
    (void)signal(SIGPIPE, SIG_IGN);
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--version") == 0) {
        puts("newel " PACKAGE_VERSION);
        return finish(EXIT_YES);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return finish(EXIT_YES);
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return finish(commands[i].run(argc - 1, argv + 1));
    if (*name)
        fprintf(stderr, "newel: no such command: %s\n\n", name);
    print_usage(stderr);
    return EXIT_USAGE;
}
