/* What C compilers write into DWARF, beside Rust: a kernel holds both. */

typedef unsigned int u32;
typedef unsigned char u8;
typedef unsigned long size_type;

/* Declared only: nobody here knows its members. */
struct hidden;

enum colour { RED, GREEN = 5, BLUE = -1 };

enum __attribute__((packed)) tiny { TINY_A = 1, TINY_B = 200 };

/* reported: member_retyped (another width, the next one stays) */
struct flags {
	u32 ready : 1;
	u32 mode : 4;
	u32 : 3;
	int level : 4;
	u32 : 0;
	u8 tail : 2;
};

/* reported: member_added (into the hole) */
struct packet {
	u8 kind;
	u8 flags;
	union {
		u32 word;
		struct {
			u8 low;
			u8 high;
		};
	};
	u8 length;
	u8 data[];
};

struct __attribute__((packed)) wire {
	u8 kind;
	u32 value;
};

struct __attribute__((aligned(64))) line {
	u32 values[4];
};

typedef struct {
	int x;
	int y;
} point;

typedef int (*handler)(const struct packet *packet, void *context, ...);

struct operations {
	handler handle;
	void (*release)(struct hidden *hidden);
	const char *const name;
	volatile u32 *registers;
	struct operations *next;
};

struct matrix {
	int cells[3][4];
	_Bool valid;
	double ratio;
	_Complex float phase;
};
