/*
 * What a struct is made of, as a table: from it follow how it is begun, freed,
 * written as JSON and read back. Members that hold their default are left out
 * of the JSON, which keeps keyframes small; what is missing or of another type
 * reads as the default, so that no input can break a reader.
 */
#ifndef NEWEL_JOURNAL_SHAPE_H
#define NEWEL_JOURNAL_SHAPE_H

#include "base/json.h"

/* No list grows past this, whatever a file claims. */
#define SHAPE_LIST_MAX 4096

enum shape_kind {
    SHAPE_TEXT,   /* char *, owned; default NULL */
    SHAPE_INT,    /* int64_t; default `otherwise` */
    SHAPE_SMALL,  /* int */
    SHAPE_SIZE,   /* size_t */
    SHAPE_REAL,   /* double */
    SHAPE_BOOL,   /* default false */
    SHAPE_PHASE,  /* enum phase by name; default PHASE_COUNT */
    SHAPE_STATE,  /* enum phase_state by name; default STATE_TODO */
    SHAPE_SERIES, /* struct series as [[at, value], ...] */
    SHAPE_RECORD, /* a struct within */
    SHAPE_LIST,   /* a pointer to structs, owned, and their number */
    SHAPE_ARRAY,  /* `most` structs within, and how many are in use */
    SHAPE_ALL,    /* `most` structs within, all of them in use */
};

struct shape_field {
    const char *name;
    enum shape_kind kind;
    size_t at;
    int64_t otherwise;
    const struct shape *of;
    size_t count_at, most;
};

struct shape {
    size_t size;
    const struct shape_field *fields;
    size_t count;
};

/* `base` may hold anything: nothing of it is freed. */
void shape_init(const struct shape *shape, void *base);
/* Frees what the struct owns; shape_init() or shape_read() make it usable again. */
void shape_free(const struct shape *shape, void *base);
json_t *shape_write(const struct shape *shape, const void *base);
/* As shape_init() does, then takes what `json` has. */
void shape_read(const struct shape *shape, void *base, const json_t *json);
/* Frees one list of the struct and reads it anew from a JSON array. */
void shape_read_list(const struct shape *shape, void *base, const char *name, const json_t *json);

#endif
