#include "config.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void utf8_is_decoded_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        uint32_t c;
    } rows[] = {
        {"a", 1, 'a'},
        {"\xC3\xA9", 2, 0xE9},
        {"\xE2\x82\xAC", 3, 0x20AC},
        {"\xF0\x9F\x98\x80", 4, 0x1F600},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
        {"\xC0\x80", 1, TEXT_REPLACEMENT},         /* overlong NUL */
        {"\xC1\xBF", 1, TEXT_REPLACEMENT},         /* overlong */
        {"\xE0\x80\xAF", 1, TEXT_REPLACEMENT},     /* overlong slash */
        {"\xF0\x80\x80\xAF", 1, TEXT_REPLACEMENT}, /* overlong slash */
        {"\xED\xA0\x80", 1, TEXT_REPLACEMENT},     /* surrogate */
        {"\xF4\x90\x80\x80", 1, TEXT_REPLACEMENT}, /* past the end of Unicode */
        {"\xF8\x88\x80\x80\x80", 1, TEXT_REPLACEMENT},
        {"\x80", 1, TEXT_REPLACEMENT},
        {"\xFF", 1, TEXT_REPLACEMENT},
        {"\xC3", 1, TEXT_REPLACEMENT},     /* cut */
        {"\xE2\x82", 1, TEXT_REPLACEMENT}, /* cut */
        {"\xC3(", 1, TEXT_REPLACEMENT},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t c = 0;
        size_t length = text_decode(rows[i].bytes, strlen(rows[i].bytes), &c);
        if (length != rows[i].length || c != rows[i].c)
            fail_msg("row %zu: %zu bytes, U+%04X", i, length, (unsigned)c);
    }
    uint32_t nul = 1;
    assert_int_equal(text_decode("", 1, &nul), 1);
    assert_int_equal(nul, 0);
}

static void every_character_survives_a_round_trip(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 37) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        char bytes[4];
        uint32_t back = 0;
        size_t n = text_encode(c, bytes);
        assert_int_equal(text_decode(bytes, n, &back), n);
        assert_int_equal(back, c);
    }
}

static void text_for_the_journal_is_valid_whatever_came(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"\xC3\xA9", "\xC3\xA9"},
        {"a\xFFz", "a\xEF\xBF\xBDz"},
        {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"tab\there", "tab\there"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str out = {0};
        text_add_utf8(&out, rows[i].in);
        assert_string_equal(str_text(&out), rows[i].out);
        str_free(&out);
    }
}

static void text_for_a_terminal_cannot_command_it(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a\tb\nc\rd", "a b c d"},
        {"\033[2J", "^[[2J"},
        {"\a\b\x7F", "^G^H^?"},
        {"\xC2\x9B"
         "31m",
         "<U+009B>31m"},
        {"x\xE2\x80\xAEy", "x<U+202E>y"},
        {"x\xE2\x81\xA6y", "x<U+2066>y"},
        {"\xEF\xBB\xBF", "<U+FEFF>"},
        {"\xE2\x80\x8B", "<U+200B>"},
        {"caf\xC3\xA9 \xE6\xBC\xA2", "caf\xC3\xA9 \xE6\xBC\xA2"},
        {"\xC3", "\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str out = {0};
        text_add_line(&out, rows[i].in);
        if (strcmp(str_text(&out), rows[i].out) != 0)
            fail_msg("row %zu: <%s>", i, str_text(&out));
        str_free(&out);
    }
}

static void no_control_reaches_a_terminal(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 37) {
        if ((c >= 0xD800 && c <= 0xDFFF) || !text_is_control(c))
            continue;
        char bytes[5] = {0};
        size_t n = text_encode(c, bytes);
        bytes[n] = '\0';
        struct str out = {0};
        text_add_line(&out, bytes);
        for (size_t i = 0; i < out.len; i++)
            assert_true(out.data[i] >= 0x20 && out.data[i] < 0x7F);
        str_free(&out);
    }
}

static void widths_are_those_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("caf\xC3\xA9"), 4);
    assert_int_equal(text_width("e\xCC\x81"), 1);        /* combining accent */
    assert_int_equal(text_width("\xE6\xBC\xA2"), 2);     /* wide */
    assert_int_equal(text_width("\xF0\x9F\x98\x80"), 2); /* emoji */
    assert_int_equal(text_width("\xFF"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_decoded_strictly),
        cmocka_unit_test(every_character_survives_a_round_trip),
        cmocka_unit_test(text_for_the_journal_is_valid_whatever_came),
        cmocka_unit_test(text_for_a_terminal_cannot_command_it),
        cmocka_unit_test(no_control_reaches_a_terminal),
        cmocka_unit_test(widths_are_those_of_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
