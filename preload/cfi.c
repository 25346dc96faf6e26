/*
 * Reading .eh_frame (LSB 5.0, 10.6; DWARF 4, 6.4; the psABI for registers and augmentations).
 *
 * The full language can describe any function; a walk needs four columns of it: the CFA, the return address, the frame
 * pointer and the third register of unwind.h (on aarch64 that is the return address's own). The rest is parsed and skipped.
 *
 * A return address may lead here from a stack in any state, so nothing is trusted: reading stops at the object's end,
 * and a reader that has run out stays `bad`.
 */
#include "cfi.h"

#include "cfi_reader.h"
#include "objects.h"

enum { COLUMN_PC, COLUMN_FP, COLUMN_THIRD, COLUMNS };
enum { ENCODING_UDATA4 = 0x03, ENCODING_PC_SDATA4 = 0x1b, ENCODING_DATA_SDATA4 = 0x3b, ENCODING_OMIT = 0xff };

bool cfi_find_object(uintptr_t address, struct cfi_object *object)
{
    struct object found;
    if (!object_find(address, &found))
        return false;
    const struct cfi_header *header = found.unwind;
    object->start = found.start;
    object->end = found.end;
    /* Segments aligned to huge pages leave gaps; we are then told the bounds of one segment, here the code's. */
    if (header != NULL && ((uintptr_t)header < object->start || (uintptr_t)header >= object->end) &&
        !object_find((uintptr_t)header, &found))
        header = NULL;
    object->tables = found.start;
    object->tables_end = found.end;
    bool usual = header != NULL && (uintptr_t)header >= object->tables && (uintptr_t)(header + 1) <= object->tables_end &&
                 header->version == 1 && header->frame_encoding == ENCODING_PC_SDATA4 &&
                 header->count_encoding == ENCODING_UDATA4 && header->table_encoding == ENCODING_DATA_SDATA4 &&
                 header->count <= (object->tables_end - (uintptr_t)(header + 1)) / sizeof(header->table[0]);
    object->header = usual ? header : NULL;
    return true;
}

/* DW_EH_PE_*: absolute or relative to its own place. Indirect ones are only ever skipped. */
static uint64_t pointer(struct reader *reader, uint8_t encoding)
{
    uint64_t place = (uintptr_t)reader->at, value;
    switch (encoding & 0x0f) {
    case 0x00: case 0x04: case 0x0c: value = fixed(reader, 8); break;
    case 0x01: value = uleb(reader); break;
    case 0x02: value = fixed(reader, 2); break;
    case 0x03: value = fixed(reader, 4); break;
    case 0x09: value = (uint64_t)sleb(reader); break;
    case 0x0a: value = (uint64_t)(int16_t)fixed(reader, 2); break;
    case 0x0b: value = (uint64_t)(int32_t)fixed(reader, 4); break;
    default:   reader->bad = true; return 0;
    }
    if ((encoding & 0x70) == 0x10)
        return value + place;
    reader->bad |= (encoding & 0x70) != 0;
    return value;
}

/* How a column's value of the caller is had. */
struct column {
    enum { HOW_SAME, HOW_UNDEFINED, HOW_SAVED, HOW_EXPRESSION, HOW_OTHER } how;
    int64_t offset;             /* HOW_SAVED: from the CFA, in bytes */
    const uint8_t *expression;  /* HOW_EXPRESSION: of the place */
};

struct row {
    uint64_t cfa_register;
    int64_t  cfa_offset;
    bool     cfa_by_expression;
    const uint8_t *cfa_expression;
    struct column columns[COLUMNS];
};

#define REMEMBERED_ROWS 8

/* One function's program. */
struct program {
    uint64_t code_align, pc_column;
    int64_t  data_align;
    uint8_t  encoding;          /* of code addresses */
    bool     augmented;
    uintptr_t location, lookup;
    const uint8_t *end;         /* of the object */
    struct row row, initial, remembered[REMEMBERED_ROWS];
    unsigned depth;
    bool     strange;
};

enum {
    DW_CFA_nop = 0x00, DW_CFA_set_loc = 0x01, DW_CFA_advance_loc1 = 0x02, DW_CFA_advance_loc2 = 0x03,
    DW_CFA_advance_loc4 = 0x04, DW_CFA_offset_extended = 0x05, DW_CFA_restore_extended = 0x06, DW_CFA_undefined = 0x07,
    DW_CFA_same_value = 0x08, DW_CFA_register = 0x09, DW_CFA_remember_state = 0x0a, DW_CFA_restore_state = 0x0b,
    DW_CFA_def_cfa = 0x0c, DW_CFA_def_cfa_register = 0x0d, DW_CFA_def_cfa_offset = 0x0e,
    DW_CFA_def_cfa_expression = 0x0f, DW_CFA_expression = 0x10, DW_CFA_offset_extended_sf = 0x11,
    DW_CFA_def_cfa_sf = 0x12, DW_CFA_def_cfa_offset_sf = 0x13, DW_CFA_val_offset = 0x14, DW_CFA_val_offset_sf = 0x15,
    DW_CFA_val_expression = 0x16, DW_CFA_AARCH64_negate_ra_state = 0x2d /* signed or not: walk.c strips them all */,
    DW_CFA_GNU_args_size = 0x2e, DW_CFA_GNU_negative_offset_extended = 0x2f,
    DW_CFA_advance_loc = 0x40, DW_CFA_offset = 0x80, DW_CFA_restore = 0xc0 /* these carry an operand in six bits */
};

static struct column *column_of(struct program *program, struct row *row, uint64_t number)
{
    if (number == program->pc_column)
        return &row->columns[COLUMN_PC];
    return number == DWARF_FP ? &row->columns[COLUMN_FP] : number == DWARF_THIRD ? &row->columns[COLUMN_THIRD] : NULL;
}

static void set(struct program *program, uint64_t number, struct column column)
{
    struct column *its = column_of(program, &program->row, number);
    if (its != NULL)
        *its = column;
    else if (number == DWARF_SP && column.how != HOW_SAME && column.how != HOW_EXPRESSION)
        program->strange = true; /* signal frames restore it by expression; there it equals the CFA */
}

static void set_initial(struct program *program, uint64_t number)
{
    struct column *from = column_of(program, &program->initial, number);
    if (from != NULL)
        *column_of(program, &program->row, number) = *from;
}

static void skip_block(struct reader *reader)
{
    skip(reader, uleb(reader));
}

static void save_row(struct program *program)
{
    if (program->depth < REMEMBERED_ROWS)
        program->remembered[program->depth] = program->row;
    else
        program->strange = true;
    program->depth++;
}

static void load_row(struct program *program)
{
    if (program->depth == 0 || program->depth > REMEMBERED_ROWS)
        program->strange = true;
    else
        program->row = program->remembered[--program->depth];
}

/* Operations on one register. */
static void run_register(struct program *program, struct reader *reader, uint8_t operation)
{
    uint64_t number = uleb(reader);
    struct column column = {.how = HOW_OTHER};
    switch (operation) {
    case DW_CFA_offset_extended:
        column = (struct column){.how = HOW_SAVED, .offset = (int64_t)uleb(reader) * program->data_align};
        break;
    case DW_CFA_offset_extended_sf:
        column = (struct column){.how = HOW_SAVED, .offset = sleb(reader) * program->data_align};
        break;
    case DW_CFA_GNU_negative_offset_extended:
        column = (struct column){.how = HOW_SAVED, .offset = -(int64_t)uleb(reader) * program->data_align};
        break;
    case DW_CFA_expression:
        column = (struct column){.how = HOW_EXPRESSION, .expression = reader->at};
        skip_block(reader);
        break;
    case DW_CFA_restore_extended:
        set_initial(program, number);
        return;
    case DW_CFA_undefined:      column.how = HOW_UNDEFINED; break;
    case DW_CFA_same_value:     column.how = HOW_SAME; break;
    case DW_CFA_val_offset_sf:  sleb(reader); break;
    case DW_CFA_val_expression: skip_block(reader); break;
    default:                    uleb(reader); /* DW_CFA_register, DW_CFA_val_offset */
    }
    set(program, number, column);
}

/* Operations on the CFA. False: this is none. */
static bool run_cfa(struct row *row, struct reader *reader, uint8_t operation, int64_t data_align)
{
    switch (operation) {
    case DW_CFA_def_cfa:
        row->cfa_register = uleb(reader);
        row->cfa_offset = (int64_t)uleb(reader);
        row->cfa_by_expression = false;
        return true;
    case DW_CFA_def_cfa_sf:
        row->cfa_register = uleb(reader);
        row->cfa_offset = sleb(reader) * data_align;
        row->cfa_by_expression = false;
        return true;
    case DW_CFA_def_cfa_register:
        row->cfa_register = uleb(reader);
        return true;
    case DW_CFA_def_cfa_offset:
        row->cfa_offset = (int64_t)uleb(reader);
        return true;
    case DW_CFA_def_cfa_offset_sf:
        row->cfa_offset = sleb(reader) * data_align;
        return true;
    case DW_CFA_def_cfa_expression:
        row->cfa_expression = reader->at;
        row->cfa_by_expression = true;
        skip_block(reader);
        return true;
    default:
        return false;
    }
}

static void run_other(struct program *program, struct reader *reader, uint8_t operation)
{
    switch (operation) {
    case DW_CFA_nop: case DW_CFA_AARCH64_negate_ra_state: break;
    case DW_CFA_set_loc:        program->location = pointer(reader, program->encoding); break;
    case DW_CFA_advance_loc1:   program->location += fixed(reader, 1) * program->code_align; break;
    case DW_CFA_advance_loc2:   program->location += fixed(reader, 2) * program->code_align; break;
    case DW_CFA_advance_loc4:   program->location += fixed(reader, 4) * program->code_align; break;
    case DW_CFA_remember_state: save_row(program); break;
    case DW_CFA_restore_state:  load_row(program); break;
    case DW_CFA_GNU_args_size:  uleb(reader); break;
    case DW_CFA_offset_extended: case DW_CFA_restore_extended: case DW_CFA_undefined: case DW_CFA_same_value:
    case DW_CFA_register: case DW_CFA_expression: case DW_CFA_offset_extended_sf: case DW_CFA_val_offset:
    case DW_CFA_val_offset_sf: case DW_CFA_val_expression: case DW_CFA_GNU_negative_offset_extended:
        run_register(program, reader, operation);
        break;
    default:
        program->strange |= !run_cfa(&program->row, reader, operation, program->data_align);
    }
}

/* Up to the row of lookup, or to the end. */
static void run(struct program *program, struct reader reader)
{
    while (reader.at < reader.end && !reader.bad && !program->strange && program->location <= program->lookup) {
        uint8_t operation = (uint8_t)fixed(&reader, 1), operand = operation & 0x3f;
        switch (operation & 0xc0) {
        case DW_CFA_advance_loc:
            program->location += operand * program->code_align;
            break;
        case DW_CFA_offset:
            set(program, operand, (struct column){.how = HOW_SAVED,
                                                  .offset = (int64_t)uleb(&reader) * program->data_align});
            break;
        case DW_CFA_restore:
            set_initial(program, operand);
            break;
        default:
            run_other(program, &reader, operation);
        }
    }
    program->strange |= reader.bad;
}

/* Reads a CIE's head and leaves its instructions in *reader. */
static bool read_cie(struct program *program, struct reader *reader)
{
    uint64_t length = fixed(reader, 4);
    if (length == 0 || length >= 0xfffffff0 || length > (size_t)(reader->end - reader->at))
        return false;
    reader->end = reader->at + length;
    uint64_t id = fixed(reader, 4), version = fixed(reader, 1);
    const char *letters = (const char *)reader->at;
    while (fixed(reader, 1) != 0)
        continue;
    if (reader->bad || id != 0 || (version != 1 && version != 3) || (letters[0] != 'z' && letters[0] != '\0'))
        return false;
    program->code_align = uleb(reader);
    program->data_align = sleb(reader);
    program->pc_column = version == 1 ? fixed(reader, 1) : uleb(reader);
    program->augmented = letters[0] == 'z';
    program->encoding = 0;
    if (!program->augmented)
        return !reader->bad;
    uint64_t size = uleb(reader);
    struct reader data = *reader;
    skip(reader, size);
    data.end = reader->at;
    for (const char *letter = letters + 1; *letter != '\0' && !data.bad; letter++) {
        uint8_t encoding;
        switch (*letter) {
        case 'R': program->encoding = (uint8_t)fixed(&data, 1); break;
        case 'L': fixed(&data, 1); break;
        case 'P': encoding = (uint8_t)fixed(&data, 1); pointer(&data, encoding & 0x7f); break;
        case 'S': case 'B': case 'G': break; /* a signal's frame; aarch64: the key of signatures, tagged stacks */
        default:  return false;
        }
    }
    return !data.bad && !reader->bad;
}

/* The FDE that may cover lookup, by the sorted table. NULL: none begins before it. */
static const uint8_t *find_fde(uintptr_t lookup, const struct cfi_header *header)
{
    uint32_t low = 0, high = header->count;
    int64_t code = (int64_t)(lookup - (uintptr_t)header);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (header->table[middle].code <= code)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? (const uint8_t *)header + header->table[low - 1].fde : NULL;
}

/* Runs the program that covers lookup. False: there is none. */
static bool find_row(struct program *program, const struct cfi_object *object)
{
    const uint8_t *fde = find_fde(program->lookup, object->header);
    if ((uintptr_t)fde < object->tables || (uintptr_t)fde >= object->tables_end)
        return false;
    struct reader reader = {fde, (const uint8_t *)object->tables_end, false};
    uint64_t length = fixed(&reader, 4);
    if (length == 0 || length >= 0xfffffff0 || length > (size_t)(reader.end - reader.at))
        return false;
    reader.end = reader.at + length;
    const uint8_t *cie = reader.at;
    cie -= fixed(&reader, 4);
    if ((uintptr_t)cie < object->tables || cie >= fde)
        return false;
    struct reader cie_reader = {cie, (const uint8_t *)object->tables_end, false};
    if (!read_cie(program, &cie_reader))
        return false;
    uint64_t begin = pointer(&reader, program->encoding), size = pointer(&reader, program->encoding & 0x0f);
    if (reader.bad || program->lookup < begin || program->lookup - begin >= size)
        return false;
    if (program->augmented)
        skip_block(&reader);
    program->location = 0;
    run(program, cie_reader);
    program->initial = program->row;
    program->location = begin;
    run(program, reader);
    return true;
}

static bool fits(int64_t bytes, unsigned bits)
{
    return bytes % 8 == 0 && bytes / 8 >= -(INT64_C(1) << (bits - 1)) && bytes / 8 < INT64_C(1) << (bits - 1);
}

#if defined(__aarch64__)

/* The place where a column is saved, in bytes from the CFA's base. */
static int64_t place_of(const struct program *program, unsigned number, const struct term *cfa)
{
    const struct column *column = &program->row.columns[number];
    if (column->how == HOW_SAME)
        return RULE_SAME * 8;
    return column->how == HOW_SAVED ? cfa->add + column->offset : RULE_LOST * 8;
}

static struct rule spell(const struct program *program, const struct term *cfa)
{
    int64_t fp = place_of(program, COLUMN_FP, cfa), third = place_of(program, COLUMN_PC, cfa);
    if (cfa->kind != TERM_REGISTER || !fits(cfa->add, 24) || !fits(fp, 14) || !fits(third, 14))
        return (struct rule){.kind = RULE_STRANGE};
    return (struct rule){.kind = RULE_FRAME, .base = cfa->base & 3, .saved_by_base = true, .cfa = cfa->add / 8,
                         .fp = fp / 8, .third = third / 8};
}

#else

/* The place where a column is saved, in bytes from anchor: the CFA, or (*by_base) its base. */
static int64_t place_of(const struct program *program, unsigned number, const struct term *cfa, bool *by_base)
{
    const struct column *column = &program->row.columns[number];
    struct term place;
    *by_base = false;
    switch (column->how) {
    case HOW_SAME:  return RULE_SAME * 8;
    case HOW_SAVED: return column->offset;
    case HOW_EXPRESSION:
        place = cfi_evaluate((struct reader){column->expression, program->end, false}, program->lookup, cfa);
        if (place.kind != TERM_REGISTER || place.base != cfa->base)
            return RULE_LOST * 8;
        *by_base = cfa->kind == TERM_MEMORY;
        return *by_base ? place.add : place.add - cfa->add;
    default:
        return RULE_LOST * 8;
    }
}

static struct rule spell(const struct program *program, const struct term *cfa)
{
    const struct rule strange = {.kind = RULE_STRANGE};
    bool pc_by_base, fp_by_base, third_by_base;
    int64_t pc = place_of(program, COLUMN_PC, cfa, &pc_by_base);
    int64_t fp = place_of(program, COLUMN_FP, cfa, &fp_by_base);
    int64_t third = place_of(program, COLUMN_THIRD, cfa, &third_by_base);
    bool fp_saved = fp / 8 > RULE_LOST, third_saved = third / 8 > RULE_LOST;
    if ((cfa->kind != TERM_REGISTER && cfa->kind != TERM_MEMORY) || !fits(fp, 14) || !fits(third, 14))
        return strange;
    if (fp_saved && third_saved && fp_by_base != third_by_base)
        third = RULE_LOST * 8;
    struct rule rule = {.base = cfa->base & 3, .saved_by_base = fp_saved ? fp_by_base : third_saved && third_by_base,
                        .fp = fp / 8, .third = third / 8};
    int64_t first = cfa->kind == TERM_REGISTER ? cfa->add : cfa->off;
    int64_t plus = cfa->kind == TERM_REGISTER ? 0 : cfa->add;
    if (!fits(first, 24))
        return strange;
    rule.cfa = first / 8;
    if (!pc_by_base && pc == -8 && fits(plus, 6)) {
        rule.kind = cfa->kind == TERM_REGISTER ? RULE_FRAME : RULE_ALIGNED;
        rule.plus = plus / 8;
        return rule;
    }
    if (pc_by_base && plus == 0 && fits(pc, 6)) {
        rule.kind = RULE_CONTEXT;
        rule.plus = pc / 8;
        return rule;
    }
    return strange;
}

#endif

struct rule cfi_rule(uintptr_t lookup, const struct cfi_object *object)
{
    struct program program = {.lookup = lookup, .end = (const uint8_t *)object->tables_end};
    struct term cfa;
#if defined(__x86_64__)
    program.row.columns[COLUMN_PC].how = HOW_OTHER; /* a call leaves it in memory; on aarch64 in a register */
#endif
    if (object->header == NULL || !find_row(&program, object))
        return (struct rule){.kind = RULE_UNKNOWN};
    if (program.strange)
        return (struct rule){.kind = RULE_STRANGE};
    /* The psABI's two marks of the outermost frame. */
    if (program.row.columns[COLUMN_PC].how == HOW_UNDEFINED || program.row.columns[COLUMN_FP].how == HOW_UNDEFINED)
        return (struct rule){.kind = RULE_OUTERMOST};
    cfa = (struct term){.kind = TERM_REGISTER, .add = program.row.cfa_offset};
    if (program.row.cfa_by_expression)
        cfa = cfi_evaluate((struct reader){program.row.cfa_expression, program.end, false}, lookup, NULL);
    else if (!base_of(program.row.cfa_register, &cfa.base))
        cfa.kind = TERM_NONE;
    return spell(&program, &cfa);
}
