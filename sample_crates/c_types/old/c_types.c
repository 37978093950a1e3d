#include "c_types.h"

/* Defined in a .c file, so the kernel's tool takes it as hidden too. */
struct private_state {
	int users;
	long stamp;
};

int flags_level(struct flags *flags)
{
	return flags->level + flags->mode;
}

int packet_length(const struct packet *packet)
{
	return packet->length + packet->data[0] + packet->high;
}

int operate(struct operations *operations, struct hidden *hidden)
{
	operations->release(hidden);
	return operations->registers[2];
}

u32 unrelated_wire(struct wire wire, struct line *line)
{
	return wire.value + line->values[3];
}

point unrelated_move(point start, enum colour colour, enum tiny tiny)
{
	start.x += colour;
	start.y += tiny;
	return start;
}

double unrelated_matrix(const struct matrix *restrict matrix)
{
	return matrix->ratio + matrix->cells[2][1];
}

int unrelated_sum(int count, ...)
{
	return count * 7;
}

struct private_state *unrelated_private(struct private_state *state)
{
	state->users++;
	return state;
}

/* Two names of one function. */
int unrelated_alias(int count) __attribute__((alias("unrelated_target")));

int unrelated_target(int count)
{
	return count * 11;
}

size_type unrelated_counter = 3;
const char *const unrelated_names[2] = { "a", "b" };
struct hidden *unrelated_hidden;
