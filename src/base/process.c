#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 50
#define DRAIN_TICKS 4 /* how long after the program's end a child of it may hold the pipes open */

extern char **environ;

struct child {
	pid_t pid;
	int out, errors; /* read ends, -1 when closed */
	bool group, ended;
	int status;
};

/* The environment with additions; a name given there replaces the inherited one. */
static char **merged_env(struct arena *a, const char *const *add)
{
	size_t have = 0, more = 0, n = 0;
	while (environ[have])
		have++;
	while (add && add[more])
		more++;
	char **env = arena_new_array(a, char *, have + more + 1);
	for (size_t i = 0; i < have; i++) {
		bool replaced = false;
		for (size_t j = 0; j < more && !replaced; j++)
			replaced = strncmp(environ[i], add[j], strcspn(add[j], "=") + 1) == 0;
		if (!replaced)
			env[n++] = environ[i];
	}
	for (size_t j = 0; j < more; j++)
		env[n++] = arena_strdup(a, add[j]);
	return env;
}

static int spawn_child(const struct process *p, const int out[2], const int errors[2], char **env, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults, none;
	short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	if (!p->terminal) {
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
		posix_spawnattr_setpgroup(&attributes, 0);
		flags |= POSIX_SPAWN_SETPGROUP;
	}
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGTERM);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, flags);
	int r = posix_spawnp(ret, p->argv[0], &actions, &attributes, (char *const *)(uintptr_t)p->argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return r;
}

/* Reads once; closes *fd at its end. */
static void take(int *fd, struct strbuf *sb)
{
	char buf[16384];
	ssize_t n = read(*fd, buf, sizeof(buf));
	if (n > 0)
		strbuf_add(sb, buf, (size_t)n);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		fd_closep(fd);
}

static void child_kill(struct child *c)
{
	if (!c->ended) {
		kill(c->group ? -c->pid : c->pid, SIGKILL);
		while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
			;
		c->ended = true;
	}
	fd_closep(&c->out);
	fd_closep(&c->errors);
}

/* Until the program has ended and its pipes are closed, or a bound is exceeded. */
static int watch(const struct ctx *ctx, const struct process *p, struct child *c, struct strbuf *out, struct strbuf *errors, struct err *err)
{
	usec_t deadline = p->timeout ? clock_monotonic() + p->timeout : INT64_MAX;
	for (int drained = 0; !c->ended || ((c->out >= 0 || c->errors >= 0) && drained < DRAIN_TICKS);) {
		struct pollfd fds[] = {{.fd = c->out, .events = POLLIN}, {.fd = c->errors, .events = POLLIN}};
		int ready = poll(fds, 2, c->out < 0 && c->errors < 0 ? 2 : TICK_MS); /* pipes closed: it is about to end */
		if (ready > 0 && fds[0].revents)
			take(&c->out, out);
		if (ready > 0 && fds[1].revents)
			take(&c->errors, errors);
		if (ready <= 0 && c->ended)
			drained++;
		if (!c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
			c->ended = true;
		int r = ctx_check(ctx, err);
		if (r < 0)
			return err_wrap(err, "%s", p->argv[0]);
		if (out->overflow)
			return err_set(err, ERR_LIMIT, "%s printed more than %zu bytes", p->argv[0], out->max);
		if (clock_monotonic() >= deadline)
			return err_set(err, ERR_TIMEOUT, "%s did not finish within %lld s", p->argv[0], (long long)(p->timeout / USEC_PER_SEC));
	}
	return 0;
}

int process_run(const struct ctx *ctx, const struct process *p, struct strbuf *out, struct strbuf *errors, int *ret_status, struct err *err)
{
	int out_pipe[2] = {-1, -1}, err_pipe[2] = {-1, -1};
	if (pipe2(out_pipe, O_CLOEXEC) < 0)
		return err_set_errno(err, errno, "cannot run %s", p->argv[0]);
	if (pipe2(err_pipe, O_CLOEXEC) < 0) {
		int e = errno;
		fd_closep(&out_pipe[0]);
		fd_closep(&out_pipe[1]);
		return err_set_errno(err, e, "cannot run %s", p->argv[0]);
	}
	struct arena a;
	arena_init(&a);
	struct child c = {.out = out_pipe[0], .errors = err_pipe[0], .group = !p->terminal};
	int r = spawn_child(p, out_pipe, err_pipe, merged_env(&a, p->env), &c.pid);
	arena_release(&a);
	fd_closep(&out_pipe[1]);
	fd_closep(&err_pipe[1]);
	if (r != 0) {
		c.ended = true;
		r = err_set_errno(err, r, "cannot run %s", p->argv[0]);
	} else {
		r = watch(ctx, p, &c, out, errors, err);
	}
	child_kill(&c);
	if (r == 0)
		*ret_status = WIFSIGNALED(c.status) ? 128 + WTERMSIG(c.status) : WEXITSTATUS(c.status);
	return r;
}
