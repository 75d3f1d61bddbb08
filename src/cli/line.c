/* histedit.h first: base/banned.h poisons names that system headers may still mention. */
#include <histedit.h>

#include "base/file.h"
#include "base/module.h"
#include "cli/line.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

/* libedit and the terminal library behind it are loaded only by `chat` on a terminal. */
#define EDIT_FUNCTIONS(X) X(el_init) X(el_end) X(el_set) X(el_gets) X(el_line) X(el_resize) X(history_init) X(history_end) X(history)

MODULE_TABLE(EDIT_FUNCTIONS);

struct line {
	EditLine *edit; /* NULL: lines are read plainly */
	History *past;
	const char *prompt, *history;
	int size;
};

/* libedit asks for the prompt with its handle only; there is one line at a time (the main thread's). */
static const char *current_prompt = "";

static char *prompt_of(EditLine *edit)
{
	(void)edit;
	return (char *)current_prompt;
}

/* Had anything been typed when Ctrl-C came? libedit has forgotten it when it returns. */
static bool typed;

/* Waits for a key. The stop signals are blocked but here, so that one which comes a moment before the wait is not slept over. */
static bool wait_for_key(void)
{
	struct pollfd keyboard = {.fd = STDIN_FILENO, .events = POLLIN};
	sigset_t none;

	sigprocmask(SIG_SETMASK, NULL, &none);
	sigdelset(&none, SIGINT);
	sigdelset(&none, SIGTERM);
	while (!ctx_interrupted)
		if (ppoll(&keyboard, 1, NULL, &none) >= 0)
			return true;
		else if (errno != EINTR)
			return false;
	return false;
}

/* libedit's own reading tries again after a signal, so that Ctrl-C would be noticed one key later. */
static int read_character(EditLine *edit, wchar_t *ret)
{
	char bytes[MB_LEN_MAX];
	size_t len = 0;

	while (len < sizeof(bytes)) {
		ssize_t n = wait_for_key() ? read(STDIN_FILENO, &bytes[len], 1) : -1;
		mbstate_t state = {0};
		size_t used;

		if (n <= 0) {
			const LineInfo *info = lib.el_line(edit);

			typed = info && info->lastchar > info->buffer;
			return (int)n;
		}
		used = mbrtowc(ret, bytes, ++len, &state);
		if (used == (size_t)-1)
			len = 0; /* no character of this locale: left out */
		else if (used != (size_t)-2)
			return 1;
	}
	return -1;
}

static bool lib_load(void)
{
	return module_load("libedit.so.2", "libedit2 (Debian, Ubuntu) or libedit (Fedora)", lib_symbols, ARRAY_LEN(lib_symbols), NULL) == 0 ||
	       module_load("libedit.so.0", NULL, lib_symbols, ARRAY_LEN(lib_symbols), NULL) == 0;
}

static void open_edit(struct line *l)
{
	HistEvent event;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !lib_load())
		return;
	setlocale(LC_CTYPE, ""); /* so that an umlaut is one character to it */
	l->edit = lib.el_init("auto-devops", stdin, stdout, stderr);
	if (!l->edit)
		return;
	current_prompt = l->prompt;
	lib.el_set(l->edit, EL_PROMPT, prompt_of);
	lib.el_set(l->edit, EL_EDITOR, "emacs");
	lib.el_set(l->edit, EL_SIGNAL, 0); /* Ctrl-C is ctx's business */
	lib.el_set(l->edit, EL_GETCFN, read_character);
	l->past = lib.history_init();
	if (!l->past)
		return;
	lib.history(l->past, &event, H_SETSIZE, l->size > 0 ? l->size : 100);
	lib.history(l->past, &event, H_SETUNIQUE, 1);
	if (l->history)
		lib.history(l->past, &event, H_LOAD, l->history);
	lib.el_set(l->edit, EL_HIST, lib.history, l->past);
}

struct line *line_open(const char *prompt, const char *history, int size)
{
	struct line *l = mem_alloc(sizeof(*l));

	l->prompt = prompt;
	l->history = size > 0 ? history : NULL;
	l->size = size;
	open_edit(l);
	return l;
}

/* Beside the old one, then renamed: a full disk leaves the old history as it was. It may hold names of a customer's cluster, so nobody
 * else may read it. */
static void save_history(struct line *l)
{
	struct arena a;
	HistEvent event;
	mode_t old;
	const char *beside;

	arena_init(&a);
	beside = arena_printf(&a, "%s.%ld", l->history, (long)getpid());
	old = umask(0077);
	if (dir_make(path_dirname(&a, l->history), 0700, NULL) == 0) {
		if (lib.history(l->past, &event, H_SAVE, beside) < 0 || rename(beside, l->history) < 0)
			unlink(beside);
	}
	umask(old);
	arena_release(&a);
}

void line_close(struct line *l)
{
	if (!l)
		return;
	if (l->past) {
		if (l->history)
			save_history(l);
		lib.history_end(l->past);
	}
	if (l->edit)
		lib.el_end(l->edit);
	mem_free(l);
}

void line_closep(struct line **l)
{
	line_close(*l);
	*l = NULL;
}

static int interrupted(bool empty, bool *ret_dropped, struct err *err)
{
	ctx_interrupted = 0;
	*ret_dropped = !empty;
	return err_set(err, ERR_CANCELLED, "interrupted");
}

static int take(struct strbuf *out, const char *text, size_t len, struct err *err)
{
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	strbuf_reset(out);
	strbuf_add(out, text, len);
	return strbuf_check(out, "the line", err) < 0 ? ERR_LIMIT : 1;
}

static int read_edited(struct line *l, struct strbuf *out, bool *ret_dropped, struct err *err)
{
	sigset_t stop, before;
	const char *text;
	int count = 0;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, &before);
	typed = false;
	lib.el_resize(l->edit); /* the window may have changed since */
	text = lib.el_gets(l->edit, &count);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (text && count > 0 && !ctx_interrupted)
		return take(out, text, (size_t)count, err);
	fputc('\n', stdout);
	fflush(stdout);
	return ctx_interrupted || count < 0 ? interrupted(!typed, ret_dropped, err) : 0;
}

static int read_plainly(struct line *l, struct strbuf *out, bool *ret_dropped, struct err *err)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;
	int r;

	if (isatty(STDIN_FILENO)) {
		fputs(l->prompt, stdout);
		fflush(stdout);
	}
	n = getline(&text, &cap, stdin);
	if (n >= 0)
		r = take(out, text, (size_t)n, err);
	else if (ctx_interrupted)
		r = interrupted(true, ret_dropped, err);
	else
		r = ferror(stdin) ? err_set_errno(err, errno, "cannot read standard input") : 0;
	free(text);
	return r;
}

int line_read(struct line *l, struct strbuf *out, bool *ret_dropped, struct err *err)
{
	*ret_dropped = false;
	return l->edit ? read_edited(l, out, ret_dropped, err) : read_plainly(l, out, ret_dropped, err);
}

void line_remember(struct line *l, const char *text)
{
	HistEvent event;

	if (l->past)
		lib.history(l->past, &event, H_ENTER, text);
}
