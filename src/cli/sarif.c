#include "config.h"
#include "cli/sarif.h"

#include "plan/hazard.h"

#include <string.h>

static json_t *text_of(const char *text)
{
    return json_pack("{s:s}", "text", text);
}

static json_t *rules(void)
{
    size_t count;
    const struct rule *table = rules_table(&count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_push(list,
                  json_pack("{s:s, s:o, s:o, s:{s:s}}", "id", table[i].name, "shortDescription",
                            text_of(table[i].about), "help", text_of(table[i].about),
                            "defaultConfiguration", "level", hazard_level_name(table[i].level)));
    return list;
}

/* Code hosts know files by their place in the repository: a path from its root. */
static const char *uri_of(const char *file)
{
    while (strncmp(file, "./", 2) == 0)
        file += 2;
    return file;
}

static json_t *result(const json_t *finding)
{
    int64_t line = json_get_int(finding, "line", 1);
    json_t *place = json_pack("{s:{s:{s:s}, s:{s:I}}}", "physicalLocation", "artifactLocation",
                              "uri", uri_of(json_get_text(finding, "file", "")), "region",
                              "startLine", (json_int_t)(line > 0 ? line : 1));
    return json_pack("{s:s, s:s, s:o, s:[o]}", "ruleId", json_get_text(finding, "rule", ""),
                     "level", json_get_text(finding, "level", "error"), "message",
                     text_of(json_get_text(finding, "text", "")), "locations", place);
}

json_t *sarif_of(json_t *findings)
{
    json_t *results = json_array();
    size_t i;
    json_t *one;
    json_array_foreach(findings, i, one) json_push(results, result(one));
    json_decref(findings);
    return json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o}]}", "$schema",
                     "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs",
                     "tool", "driver", "name", "newel", "version", PACKAGE_VERSION, "rules",
                     rules(), "results", results);
}
