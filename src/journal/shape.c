#include "config.h"
#include "journal/shape.h"

#include "journal/model.h"

#include <stdlib.h>
#include <string.h>

static void *member(void *base, size_t at)
{
    return (char *)base + at;
}

static const void *member_of(const void *base, size_t at)
{
    return (const char *)base + at;
}

/* Lists are pointers to different structs; their bytes are moved, not their type punned. */
static void *get_items(const void *base, const struct shape_field *f)
{
    void *items;
    memcpy(&items, member_of(base, f->at), sizeof items);
    return items;
}

static void set_items(void *base, const struct shape_field *f, void *items, size_t count)
{
    memcpy(member(base, f->at), &items, sizeof items);
    *(size_t *)member(base, f->count_at) = count;
}

/* The structs within or behind a field: where, and how many. */
static size_t elements(const void *base, const struct shape_field *f, char **items)
{
    if (f->kind == SHAPE_LIST) {
        *items = get_items(base, f);
        return *(const size_t *)member_of(base, f->count_at);
    }
    *items = (char *)member_of(base, f->at);
    if (f->kind == SHAPE_ALL)
        return f->most;
    return f->kind == SHAPE_RECORD ? 1 : *(const size_t *)member_of(base, f->count_at);
}

static bool has_elements(const struct shape_field *f)
{
    return f->kind == SHAPE_RECORD || f->kind == SHAPE_LIST || f->kind == SHAPE_ARRAY ||
           f->kind == SHAPE_ALL;
}

void shape_free(const struct shape *shape, void *base)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        if (f->kind == SHAPE_TEXT)
            free(*(char **)member(base, f->at));
        if (!has_elements(f))
            continue;
        char *items;
        size_t count = elements(base, f, &items);
        for (size_t k = 0; k < count; k++)
            shape_free(f->of, items + k * f->of->size);
        if (f->kind == SHAPE_LIST)
            free(items);
    }
}

/* ---- writing -------------------------------------------------------------- */

static json_t *write_series(const struct series *s)
{
    if (!s->count)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < s->count; i++) {
        json_t *point = json_array();
        json_push(point, json_integer(s->points[i].at));
        json_push(point, json_integer(s->points[i].value));
        json_push(list, point);
    }
    return list;
}

static json_t *write_elements(const struct shape_field *f, const void *base)
{
    char *items;
    size_t count = elements(base, f, &items);
    if (!count)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_push(list, shape_write(f->of, items + i * f->of->size));
    return list;
}

static json_t *write_record(const struct shape *shape, const void *base)
{
    json_t *object = shape_write(shape, base);
    if (json_object_size(object))
        return object;
    json_decref(object);
    return NULL;
}

static json_t *write_int(int64_t value, int64_t otherwise)
{
    return value == otherwise ? NULL : json_integer(value);
}

static json_t *write_field(const struct shape_field *f, const void *base)
{
    const void *p = member_of(base, f->at);
    switch (f->kind) {
    case SHAPE_TEXT: {
        const char *text = *(char *const *)p;
        return text ? json_text(text) : NULL;
    }
    case SHAPE_INT:
        return write_int(*(const int64_t *)p, f->otherwise);
    case SHAPE_SMALL:
        return write_int(*(const int *)p, f->otherwise);
    case SHAPE_SIZE:
        return write_int((int64_t) * (const size_t *)p, f->otherwise);
    case SHAPE_REAL: {
        double value = *(const double *)p;
        return value > (double)f->otherwise || value < (double)f->otherwise ? json_real(value)
                                                                            : NULL;
    }
    case SHAPE_BOOL:
        return *(const bool *)p ? json_true() : NULL;
    case SHAPE_PHASE: {
        enum phase phase = *(const enum phase *)p;
        return phase < PHASE_COUNT ? json_string(phase_name(phase)) : NULL;
    }
    case SHAPE_STATE: {
        enum phase_state state = *(const enum phase_state *)p;
        return state != STATE_TODO ? json_string(phase_state_name(state)) : NULL;
    }
    case SHAPE_SERIES:
        return write_series(p);
    case SHAPE_RECORD:
        return write_record(f->of, p);
    case SHAPE_LIST:
    case SHAPE_ARRAY:
    case SHAPE_ALL:
        break;
    }
    return write_elements(f, base);
}

json_t *shape_write(const struct shape *shape, const void *base)
{
    json_t *object = json_object();
    for (size_t i = 0; i < shape->count; i++) {
        json_t *value = write_field(&shape->fields[i], base);
        if (value)
            json_set(object, shape->fields[i].name, value);
    }
    return object;
}

/* ---- reading -------------------------------------------------------------- */

static void read_series(struct series *s, const json_t *json)
{
    size_t count = json_array_size(json);
    s->count = 0;
    for (size_t i = count > SERIES_MAX ? count - SERIES_MAX : 0; i < count; i++) {
        const json_t *point = json_array_get(json, i);
        const json_t *at = json_array_get(point, 0), *value = json_array_get(point, 1);
        if (json_is_integer(at) && json_is_integer(value))
            s->points[s->count++] =
                (struct point){.at = json_int(at, 0), .value = json_int(value, 0)};
    }
}

static void read_items(const struct shape_field *f, void *base, const json_t *json)
{
    size_t count = json_array_size(json);
    if (count > SHAPE_LIST_MAX)
        count = SHAPE_LIST_MAX;
    char *items = count ? mem_alloc(count * f->of->size) : NULL;
    for (size_t i = 0; i < count; i++)
        shape_read(f->of, items + i * f->of->size, json_array_get(json, i));
    set_items(base, f, items, count);
}

static void read_within(const struct shape_field *f, void *base, const json_t *json)
{
    size_t count = json_array_size(json);
    if (count > f->most)
        count = f->most;
    char *items = member(base, f->at);
    for (size_t i = 0; i < f->most; i++)
        if (f->kind == SHAPE_ALL || i < count)
            shape_read(f->of, items + i * f->of->size, json_array_get(json, i));
    if (f->kind == SHAPE_ARRAY)
        *(size_t *)member(base, f->count_at) = count;
}

static double read_real(const json_t *json, int64_t otherwise)
{
    return json_is_number(json) ? json_number_value(json) : (double)otherwise;
}

static int64_t read_int(const json_t *json, int64_t least, int64_t most, int64_t otherwise)
{
    int64_t value = json_int(json, otherwise);
    return value < least || value > most ? otherwise : value;
}

static void read_field(const struct shape_field *f, void *base, const json_t *json)
{
    void *p = member(base, f->at);
    const char *text = json_string_value(json);
    switch (f->kind) {
    case SHAPE_TEXT:
        *(char **)p = mem_dup(text);
        break;
    case SHAPE_INT:
        *(int64_t *)p = json_int(json, f->otherwise);
        break;
    case SHAPE_SMALL:
        *(int *)p = (int)read_int(json, INT32_MIN, INT32_MAX, f->otherwise);
        break;
    case SHAPE_SIZE:
        *(size_t *)p = (size_t)read_int(json, 0, INT32_MAX, f->otherwise);
        break;
    case SHAPE_REAL:
        *(double *)p = read_real(json, f->otherwise);
        break;
    case SHAPE_BOOL:
        *(bool *)p = json_is_true(json);
        break;
    case SHAPE_PHASE:
        *(enum phase *)p = text ? phase_from_name(text) : PHASE_COUNT;
        break;
    case SHAPE_STATE:
        *(enum phase_state *)p = text ? phase_state_from_name(text) : STATE_TODO;
        break;
    case SHAPE_SERIES:
        read_series(p, json);
        break;
    case SHAPE_RECORD:
        shape_read(f->of, p, json);
        break;
    case SHAPE_LIST:
        read_items(f, base, json);
        break;
    case SHAPE_ARRAY:
    case SHAPE_ALL:
        read_within(f, base, json);
        break;
    }
}

void shape_read(const struct shape *shape, void *base, const json_t *json)
{
    for (size_t i = 0; i < shape->count; i++)
        read_field(&shape->fields[i], base, json_object_get(json, shape->fields[i].name));
}

void shape_init(const struct shape *shape, void *base)
{
    memset(base, 0, shape->size);
    shape_read(shape, base, NULL);
}

void shape_read_list(const struct shape *shape, void *base, const char *name, const json_t *json)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_field *f = &shape->fields[i];
        if (f->kind != SHAPE_LIST || strcmp(f->name, name) != 0)
            continue;
        char *items;
        size_t count = elements(base, f, &items);
        for (size_t k = 0; k < count; k++)
            shape_free(f->of, items + k * f->of->size);
        free(items);
        read_items(f, base, json);
    }
}
