/* term: a command's standard output: collected, coloured when it is a terminal, wrapped to its width, written with every error noticed.
 *
 * Two kinds of text: ours (fmt, label) goes out as it is; outside text (names, messages, log lines) goes through term_safe or term_wrap,
 * which make control characters visible, so that nothing in a cluster can act on the terminal.
 * Ownership: term_init / term_release. Thread rule: the main thread only. */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include "base/strbuf.h"

enum style { STYLE_NONE, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_RED_BOLD, STYLE_YELLOW, STYLE_GREEN, STYLE_CYAN };

enum term_colour { TERM_COLOUR_AUTO, TERM_COLOUR_ALWAYS, TERM_COLOUR_NEVER };

struct term {
	struct strbuf buf;
	int fd;
	bool is_terminal, colour;
	bool ascii;      /* the locale cannot show more */
	unsigned width;  /* 0 = do not wrap */
	const char *bar; /* drawn at column bar_at of every line that a text goes on in: the trunk of a tree; NULL = none */
	unsigned bar_at;
	int error; /* errno of the first failed write; EPIPE means that nobody reads any more */
};

void term_init(struct term *t, int fd);
void term_release(struct term *t);
/* width 0: the terminal's own when it is one. */
void term_setup(struct term *t, enum term_colour colour, unsigned width);

void term_style(struct term *t, enum style style); /* STYLE_NONE ends any */
void term_addf(struct term *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void term_add(struct term *t, enum style style, const char *s);
void term_safe(struct term *t, enum style style, const char *s);
/* indent spaces, the label padded to label_width, then outside text wrapped beside it. Line breaks in text are kept. */
void term_wrap(struct term *t, unsigned indent, enum style label_style, const char *label, unsigned label_width, enum style style, const char *text);
/* The rest of a line that has come to column left: outside text, wrapped beside it, and the line's end. */
void term_wrap_on(struct term *t, unsigned left, enum style style, const char *text);
/* Writes what was collected; called now and then and at the end. 0 or ERR_IO; a reader that went away is no error but stops output. */
int term_flush(struct term *t, struct err *err);

#endif
