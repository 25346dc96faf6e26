/*
 * DWARF expressions (DWARF 4, 2.5) on terms instead of values: a constant, a register plus a constant, what stands
 * there plus a constant. That covers realigned stacks, signal frames and PLT entries; whatever leads beyond it is
 * TERM_NONE.
 */
#include "cfi_reader.h"

enum {
    DW_OP_deref = 0x06, DW_OP_const1u = 0x08, DW_OP_const2u = 0x0a, DW_OP_consts = 0x11, DW_OP_and = 0x1a,
    DW_OP_minus = 0x1c, DW_OP_plus = 0x22, DW_OP_plus_uconst = 0x23, DW_OP_shl = 0x24, DW_OP_ge = 0x2a,
    DW_OP_lit0 = 0x30, DW_OP_lit31 = 0x4f, DW_OP_breg0 = 0x70, DW_OP_breg31 = 0x8f
};

#define EXPRESSION_DEPTH 8

struct machine {
    struct term stack[EXPRESSION_DEPTH];
    unsigned depth;
};

static void push(struct machine *machine, struct term term)
{
    if (machine->depth < EXPRESSION_DEPTH)
        machine->stack[machine->depth] = term;
    machine->depth++;
}

static void push_number(struct machine *machine, int64_t number)
{
    push(machine, (struct term){.kind = TERM_NUMBER, .add = number});
}

static void push_register(struct machine *machine, struct reader *reader, uint64_t number, uintptr_t lookup)
{
    int64_t add = sleb(reader);
    struct term term = {.kind = TERM_REGISTER, .add = add};
    if (number == DWARF_PC)
        term = (struct term){.kind = TERM_NUMBER, .add = (int64_t)lookup + add};
    else if (!base_of(number, &term.base))
        term.kind = TERM_NONE;
    push(machine, term);
}

static struct term dereference(struct term at)
{
    if (at.kind != TERM_REGISTER)
        return (struct term){.kind = TERM_NONE};
    return (struct term){.kind = TERM_MEMORY, .base = at.base, .off = at.add};
}

/* Two operands: sums of anything and a number; the rest with numbers only (PLT entries ask which half they are in). */
static struct term combine(uint8_t operation, struct term a, struct term b)
{
    const struct term none = {.kind = TERM_NONE};
    if (operation == DW_OP_plus && a.kind == TERM_NUMBER) {
        struct term swap = a;
        a = b, b = swap;
    }
    bool sum = operation == DW_OP_plus || operation == DW_OP_minus;
    if (a.kind == TERM_NONE || b.kind != TERM_NUMBER || (a.kind != TERM_NUMBER && !sum))
        return none;
    uint64_t left = (uint64_t)a.add, right = (uint64_t)b.add;
    switch (operation) {
    case DW_OP_and: left &= right; break;
    case DW_OP_minus: left -= right; break;
    case DW_OP_plus: left += right; break;
    case DW_OP_shl: left = right < 64 ? left << right : 0; break;
    case DW_OP_ge: left = (int64_t)left >= (int64_t)right; break;
    default:   return none;
    }
    a.add = (int64_t)left;
    return a;
}

/* One operation. False: one that leads beyond terms. */
static bool execute(struct machine *machine, struct reader *reader, uintptr_t lookup)
{
    uint8_t operation = (uint8_t)fixed(reader, 1);
    if (operation >= DW_OP_lit0 && operation <= DW_OP_lit31) {
        push_number(machine, operation - DW_OP_lit0);
        return true;
    }
    if (operation >= DW_OP_breg0 && operation <= DW_OP_breg31) {
        push_register(machine, reader, operation - DW_OP_breg0, lookup);
        return true;
    }
    struct term *top = machine->depth > 0 ? &machine->stack[machine->depth - 1] : NULL;
    switch (operation) {
    case DW_OP_const1u: push_number(machine, (int64_t)fixed(reader, 1)); return true;
    case DW_OP_const2u: push_number(machine, (int64_t)fixed(reader, 2)); return true;
    case DW_OP_consts:  push_number(machine, sleb(reader)); return true;
    case DW_OP_deref:
        if (top != NULL)
            *top = dereference(*top);
        return top != NULL;
    case DW_OP_plus_uconst:
        if (top != NULL)
            top->add += (int64_t)uleb(reader);
        return top != NULL;
    case DW_OP_and: case DW_OP_minus: case DW_OP_plus: case DW_OP_shl: case DW_OP_ge:
        if (machine->depth < 2)
            return false;
        top[-1] = combine(operation, top[-1], *top);
        machine->depth--;
        return true;
    default:
        return false;
    }
}

struct term cfi_evaluate(struct reader expression, uintptr_t lookup, const struct term *cfa)
{
    const struct term none = {.kind = TERM_NONE};
    struct machine machine = {.depth = 0};
    uint64_t length = uleb(&expression);
    if (length > (size_t)(expression.end - expression.at))
        return none;
    expression.end = expression.at + length;
    if (cfa != NULL)
        push(&machine, *cfa);
    while (expression.at < expression.end && !expression.bad && machine.depth <= EXPRESSION_DEPTH)
        if (!execute(&machine, &expression, lookup))
            return none;
    if (machine.depth == 0 || machine.depth > EXPRESSION_DEPTH || expression.bad)
        return none;
    return machine.stack[machine.depth - 1];
}
