/* Names the command and hands over. */
#include "config.h"
#include "cli/cli.h"

#include "base/mem.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

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

int main(int argc, char **argv)
{
    (void)setlocale(LC_ALL, "");
    (void)setlocale(LC_NUMERIC, "C"); /* numbers in SQL and JSON have a point */
    (void)signal(SIGPIPE, SIG_IGN);
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--version") == 0) {
        puts("newel " PACKAGE_VERSION);
        return 0;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (*name)
        fprintf(stderr, "newel: no such command: %s\n\n", name);
    print_usage(stderr);
    return 2;
}
