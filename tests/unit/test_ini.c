#include "config.h"
#include "base/ini.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct expected {
    const char *title;
    const char *text;
    const char *entries;  /* "section|key|value|line;..." with \n as it is */
    const char *findings; /* "line rule;..." */
};

static const struct expected table[] = {
    {"empty", "", "", ""},
    {"only comments", "# a\n; b\n\n", "", ""},
    {"one entry", "[a]\nk = v\n", "a|k|v|2;", ""},
    {"no newline at the end", "[a]\nk = v", "a|k|v|2;", ""},
    {"crlf", "[a]\r\nk = v\r\nl=w\r\n", "a|k|v|2;a|l|w|3;", ""},
    {"byte order mark", "\xEF\xBB\xBF[a]\nk = v\n", "a|k|v|2;", ""},
    {"byte order mark before a comment", "\xEF\xBB\xBF# x\n[a]\nk=v\n", "a|k|v|3;", ""},
    {"comment signs inside a value", "[a]\nk = a #b ;c -- d\n", "a|k|a #b ;c -- d|2;", ""},
    {"equals inside a value", "[a]\nk = x = y\n", "a|k|x = y|2;", ""},
    {"quotes are characters", "[a]\nk = 'x'\n", "a|k|'x'|2;", ""},
    {"continuation", "[a]\nk = one\n  two\n\tthree\n", "a|k|one\ntwo\nthree|2;", ""},
    {"continuation after an empty start", "[a]\nk =\n  two\n", "a|k|two|2;", ""},
    {"comment signs in a continuation", "[a]\nk = one\n  # two\n  ;three\n",
     "a|k|one\n# two\n;three|2;", ""},
    {"a section's look in a continuation", "[a]\nk = ARRAY\n  [1]\nl = 2\n",
     "a|k|ARRAY\n[1]|2;a|l|2|4;", ""},
    {"a key's look in a continuation", "[a]\nk = one\n  l = 2\n", "a|k|one\nl = 2|2;", ""},
    {"blank and comment lines inside a value", "[a]\nk = one\n\n# no\n  two\nl = 3\n",
     "a|k|one\ntwo|2;a|l|3|6;", ""},
    {"crlf continuation", "[a]\r\nk = one\r\n  two\r\n", "a|k|one\ntwo|2;", ""},
    {"indented comment with nothing above", "  # x\n[a]\n  ; y\nk = v\n", "a|k|v|4;", ""},
    {"indented key with nothing above", "[a]\n  k = v\nl = w\n", "a|l|w|3;", "2 indented;"},
    {"section name is squeezed", "[ target   one ]\nk = v\n", "target one|k|v|2;", ""},
    {"empty value", "[a]\nk =\n", "a|k||2;", ""},
    {"a repeated key is kept", "[a]\nk = 1\nk = 2\n", "a|k|1|2;a|k|2|3;", ""},
    {"a section twice", "[a]\nk = 1\n[b]\n[a]\nl = 2\n", "a|k|1|2;a|l|2|5;",
     "4 duplicate-section;"},
    {"key before a section", "k = v\n[a]\nl = w\n", "a|l|w|3;", "1 no-section;"},
    {"all malformed lines", "[a]\nnonsense\nk = v\nmore nonsense\n", "a|k|v|3;",
     "2 malformed;4 malformed;"},
    {"malformed last line", "[a]\nnonsense", "", "2 malformed;"},
    {"what hangs below a malformed line is one finding", "[a]\nnonsense\n  more\n", "",
     "2 malformed;"},
    {"no key", "[a]\n= v\n", "", "2 malformed;"},
    {"unclosed section", "[a\nk = v\n", "a|k|v|2;", "1 malformed;"},
    {"text after a section", "[a] # x\nk = v\n", "a|k|v|2;", "1 malformed;"},
    {"invalid UTF-8", "[a]\nk = \xFF\n", "a|k|\xFF|2;", "2 encoding;"},
    {"UTF-8", "[a]\nk = \xC3\xA9\n", "a|k|\xC3\xA9|2;", ""},
    {"a vertical tab indents too", "[a]\nk = v\n\vw\n", "a|k|v\nw|2;", ""},
};

static char *entries_of(const struct ini_file *file)
{
    struct str out = {0};
    for (size_t i = 0; i < file->entry_count; i++)
        str_addf(&out, "%s|%s|%s|%d;", file->entries[i].section, file->entries[i].key,
                 file->entries[i].value, file->entries[i].line);
    return str_take(&out);
}

static char *findings_of(const struct findings *f)
{
    struct str out = {0};
    for (size_t i = 0; i < f->count; i++)
        str_addf(&out, "%d %s;", f->items[i].line, f->items[i].rule);
    return str_take(&out);
}

static void every_form_of_a_file_reads_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct ini_file file;
        struct findings findings = {0};
        ini_parse_text("x.ini", table[i].text, &file, &findings);
        char *entries = entries_of(&file), *found = findings_of(&findings);
        if (strcmp(entries, table[i].entries) != 0 || strcmp(found, table[i].findings) != 0)
            fail_msg("%s: read <%s> <%s>", table[i].title, entries, found);
        free(entries);
        free(found);
        ini_free(&file);
        findings_free(&findings);
    }
}

static void lines_and_names_of_any_length_come_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {48,  49,  50,  51,  197,   198,    199,
                                   200, 201, 399, 400, 65536, 1000000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *value = mem_alloc(sizes[i] + 1);
        memset(value, 'x', sizes[i]);
        value[sizes[i] / 2] = ';';
        char *text =
            mem_printf("[target %s]\n%s = %s\nlast = 1", value + sizes[i] / 2 + 1, value, value);
        /* a key may not begin with a comment sign, and holds one here */
        struct ini_file file;
        struct findings findings = {0};
        ini_parse_text("x.ini", text, &file, &findings);
        assert_int_equal(findings.count, 0);
        assert_int_equal(file.entry_count, 2);
        assert_string_equal(file.entries[0].key, value);
        assert_string_equal(file.entries[0].value, value);
        assert_int_equal(strlen(file.entries[0].section),
                         strlen("target ") + sizes[i] - sizes[i] / 2 - 1);
        assert_int_equal(file.entries[1].line, 3);
        ini_free(&file);
        findings_free(&findings);
        free(text);
        free(value);
    }
}

static void a_section_without_keys_is_seen(void **state)
{
    (void)state;
    struct ini_file file;
    struct findings findings = {0};
    ini_parse_text("x.ini", "[a]\n\n[b]\n", &file, &findings);
    assert_int_equal(file.section_count, 2);
    assert_string_equal(file.sections[1].name, "b");
    assert_int_equal(file.sections[1].line, 3);
    ini_free(&file);
    findings_free(&findings);
}

static void nul_bytes_are_a_finding_and_hide_nothing_behind_them(void **state)
{
    (void)state;
    static const char bytes[] = "[a]\nk = v\0w\nl = 2\n";
    struct ini_file file;
    struct findings findings = {0};
    ini_parse_bytes("x.ini", bytes, sizeof bytes - 1, &file, &findings);
    char *entries = entries_of(&file), *found = findings_of(&findings);
    assert_string_equal(entries, "a|k|v w|2;a|l|2|3;");
    assert_string_equal(found, "2 nul-byte;");
    free(entries);
    free(found);
    ini_free(&file);
    findings_free(&findings);
}

static void a_malformed_line_is_not_repeated_in_the_finding(void **state)
{
    (void)state;
    struct ini_file file;
    struct findings findings = {0};
    ini_parse_text("x.ini", "[a]\nhunter2\n", &file, &findings);
    assert_int_equal(findings.count, 1);
    assert_null(strstr(findings.items[0].text, "hunter2"));
    ini_free(&file);
    findings_free(&findings);
}

static void a_duplicate_section_names_both_lines(void **state)
{
    (void)state;
    struct ini_file file;
    struct findings findings = {0};
    ini_parse_text("x.ini", "[a]\n\n\n[a]\n", &file, &findings);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.items[0].line, 4);
    assert_non_null(strstr(findings.items[0].text, "line 1"));
    ini_free(&file);
    findings_free(&findings);
}

static void findings_are_fit_for_a_terminal_and_sorted_by_line(void **state)
{
    (void)state;
    struct findings f = {0};
    findings_add(&f, 0, "whole", "at last");
    findings_add(&f, 9, "b", "x\033[31my\n");
    findings_add(&f, 2, "a", "first");
    findings_sort(&f);
    char *found = findings_of(&f);
    assert_string_equal(found, "2 a;9 b;0 whole;");
    assert_string_equal(f.items[1].text, "x^[[31my ");
    free(found);

    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    findings_print(&f, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "-:2: [a] first\n-:9: [b] x^[[31my \n-: [whole] at last\n");
    free(text);
    findings_free(&f);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    struct ini_file file;
    struct findings findings = {0};
    struct error e;
    assert_false(ini_load("/nonexistent/x.ini", &file, &findings, &e));
    assert_int_equal(error_exit_status(&e), EXIT_USAGE);
    assert_int_equal(findings.count, 0);
    ini_free(&file);
    assert_false(ini_load("/", &file, &findings, &e));
    ini_free(&file);
    findings_free(&findings);
}

static void a_file_on_disk_keeps_its_nul_bytes(void **state)
{
    (void)state;
    char path[] = "/tmp/newel-ini-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "[a]\nk\0 = v\n", 11), 11);
    assert_int_equal(close(fd), 0);
    struct ini_file file;
    struct findings findings = {0};
    struct error e;
    bool ok = ini_load(path, &file, &findings, &e);
    assert_int_equal(unlink(path), 0);
    assert_true(ok);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].rule, "nul-byte");
    assert_string_equal(findings.path, path);
    ini_free(&file);
    findings_free(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_a_file_reads_as_the_table_says),
        cmocka_unit_test(lines_and_names_of_any_length_come_whole),
        cmocka_unit_test(a_section_without_keys_is_seen),
        cmocka_unit_test(nul_bytes_are_a_finding_and_hide_nothing_behind_them),
        cmocka_unit_test(a_malformed_line_is_not_repeated_in_the_finding),
        cmocka_unit_test(a_duplicate_section_names_both_lines),
        cmocka_unit_test(findings_are_fit_for_a_terminal_and_sorted_by_line),
        cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
        cmocka_unit_test(a_file_on_disk_keeps_its_nul_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
