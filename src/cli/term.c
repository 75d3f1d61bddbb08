#include "cli/term.h"
#include "base/utf8.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MIN 40u
#define WIDTH_MAX 160u /* longer lines are hard to read */

void term_init(struct term *t, int fd)
{
	memset(t, 0, sizeof(*t));
	strbuf_init(&t->buf, STRBUF_MAX_OUTPUT);
	t->fd = fd;
	t->is_terminal = isatty(fd);
}

void term_release(struct term *t)
{
	strbuf_release(&t->buf);
}

static bool locale_is_utf8(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		const char *v = getenv(variables[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}

void term_setup(struct term *t, enum term_colour colour, unsigned width)
{
	const char *no_color = getenv("NO_COLOR"), *kind = getenv("TERM");
	struct winsize size;

	/* https://no-color.org: present and not empty. A wish said on the command line is stronger. */
	t->colour = colour == TERM_COLOUR_ALWAYS ||
		    (colour == TERM_COLOUR_AUTO && t->is_terminal && !(no_color && *no_color) && kind && !str_eq(kind, "dumb"));
	/* A file or pipe gets UTF-8; only a terminal that says it cannot show it does not. */
	t->ascii = t->is_terminal && !locale_is_utf8();
	t->width = width;
	if (!width && t->is_terminal && ioctl(t->fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		t->width = MIN(MAX(size.ws_col, WIDTH_MIN), WIDTH_MAX);
}

void term_style(struct term *t, enum style style)
{
	static const char *const codes[] = {"0", "1", "2", "31", "1;31", "33", "32", "36"};

	if (t->colour)
		strbuf_addf(&t->buf, "\x1b[%sm", codes[style]);
}

void term_addf(struct term *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&t->buf, fmt, ap);
	va_end(ap);
}

void term_add(struct term *t, enum style style, const char *s)
{
	if (style)
		term_style(t, style);
	strbuf_addstr(&t->buf, s);
	if (style)
		term_style(t, STYLE_NONE);
}

void term_safe(struct term *t, enum style style, const char *s)
{
	if (style)
		term_style(t, style);
	utf8_add_printable(&t->buf, s, strlen(s), false);
	if (style)
		term_style(t, STYLE_NONE);
}

static void new_line(struct term *t, unsigned left)
{
	strbuf_addch(&t->buf, '\n');
	if (t->bar && t->bar_at < left) {
		strbuf_addn(&t->buf, ' ', t->bar_at);
		strbuf_addstr(&t->buf, t->bar);
		left -= t->bar_at + 1;
	}
	strbuf_addn(&t->buf, ' ', left);
}

/* Words of one paragraph, already printable, from column left on. A word longer than a line stands alone and is not cut: it may be a
 * name that someone copies. */
static void wrap_words(struct term *t, unsigned left, const char *s, size_t len)
{
	size_t room = t->width > left + 20 ? t->width - left : 0, used = 0;

	if (!room) {
		strbuf_add(&t->buf, s, len);
		return;
	}
	for (size_t i = 0; i < len;) {
		size_t gap = 0, word = 0, width;

		while (i + gap < len && s[i + gap] == ' ')
			gap++;
		while (i + gap + word < len && s[i + gap + word] != ' ')
			word++;
		width = utf8_width(s + i + gap, word);
		if (used && used + gap + width > room) {
			new_line(t, left);
			used = 0;
			gap = 0;
			while (i < len && s[i] == ' ')
				i++;
		}
		strbuf_add(&t->buf, s + i, gap + word);
		used += gap + width;
		i += gap + word;
	}
}

void term_wrap_on(struct term *t, unsigned left, enum style style, const char *text)
{
	struct strbuf line;

	strbuf_init(&line, STRBUF_MAX_OUTPUT);
	if (style)
		term_style(t, style);
	for (;;) {
		size_t n = strcspn(text, "\n");

		strbuf_reset(&line);
		utf8_add_printable(&line, text, n, false);
		wrap_words(t, left, line.buf, line.len);
		text += n;
		if (!*text || !*++text)
			break;
		new_line(t, *text == '\n' ? 0 : left);
	}
	if (style)
		term_style(t, STYLE_NONE);
	strbuf_addch(&t->buf, '\n');
	strbuf_release(&line);
}

void term_wrap(struct term *t, unsigned indent, enum style label_style, const char *label, unsigned label_width, enum style style, const char *text)
{
	unsigned width = (unsigned)utf8_width(label, strlen(label));

	strbuf_addn(&t->buf, ' ', indent);
	term_add(t, label_style, label);
	if (width < label_width)
		strbuf_addn(&t->buf, ' ', label_width - width);
	term_wrap_on(t, indent + label_width, style, text);
}

int term_flush(struct term *t, struct err *err)
{
	const char *p = t->buf.buf;
	size_t left = t->buf.len;
	int r = strbuf_check(&t->buf, "the output", err);

	while (left && !t->error) {
		ssize_t n = write(t->fd, p, left);

		if (n >= 0) {
			p += n;
			left -= (size_t)n;
		} else if (errno != EINTR) {
			t->error = errno;
		}
	}
	strbuf_reset(&t->buf);
	if (t->error && t->error != EPIPE)
		return err_set_errno(err, t->error, "cannot write the output");
	return r;
}
