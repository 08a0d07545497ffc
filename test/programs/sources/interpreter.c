// An interpreter of a small Lisp: lists, closures, numbers, recursion, a reader and a printer.
#include <setjmp.h>

#include "program.h"

enum kind { NUMBER, SYMBOL, PAIR, BUILTIN, CLOSURE, NIL };

struct value {
  enum kind kind;
  union {
    double number;
    const char *name;
    struct {
      struct value *head, *tail;
    };
    struct value *(*builtin)(struct value *arguments);
    struct {
      struct value *parameters, *body, *scope;
    };
  };
};

enum { VALUES = 60000, NAMES = 200 };

static struct value heap[VALUES], nil = {.kind = NIL};
static int heap_used, name_count;
static struct value *symbols[NAMES];
static jmp_buf on_error;

static struct value *allocate(enum kind kind) {
  if (heap_used == VALUES) longjmp(on_error, 1);
  heap[heap_used].kind = kind;
  return &heap[heap_used++];
}

static struct value *pair(struct value *head, struct value *tail) {
  struct value *value = allocate(PAIR);
  value->head = head;
  value->tail = tail;
  return value;
}

static struct value *number(double n) {
  struct value *value = allocate(NUMBER);
  value->number = n;
  return value;
}

static struct value *symbol(const char *name, size_t length) {
  for (int i = 0; i < name_count; i++)
    if (strlen(symbols[i]->name) == length && !strncmp(symbols[i]->name, name, length)) return symbols[i];
  struct value *value = allocate(SYMBOL);
  value->name = strndup(name, length);
  return symbols[name_count++] = value;
}

static struct value *named(const char *name) { return symbol(name, strlen(name)); }

static struct value *read_value(const char **text);

static struct value *read_list(const char **text) {
  *text += strspn(*text, " \n");
  if (**text == ')') {
    ++*text;
    return &nil;
  }
  struct value *head = read_value(text);
  return pair(head, read_list(text));
}

static struct value *read_value(const char **text) {
  *text += strspn(*text, " \n");
  if (**text == '(') return ++*text, read_list(text);
  if (**text == '\'') return ++*text, pair(named("quote"), pair(read_value(text), &nil));
  size_t length = strcspn(*text, " \n()");
  const char *start = *text;
  *text += length;
  char *end;
  double n = strtod(start, &end);
  return end == start + length && length ? number(n) : symbol(start, length);
}

static void print(const struct value *value) {
  switch (value->kind) {
    case NUMBER: printf("%.15g", value->number); return;
    case SYMBOL: printf("%s", value->name); return;
    case BUILTIN:
    case CLOSURE: printf("#function"); return;
    case NIL: printf("()"); return;
    case PAIR: break;
  }
  printf("(");
  for (; value->kind == PAIR; value = value->tail) {
    print(value->head);
    if (value->tail->kind == PAIR) printf(" ");
  }
  printf(")");
}

/** A scope is a list of (symbol . value) pairs whose first element can grow. */
static struct value *lookup(struct value *scope, const struct value *name) {
  for (struct value *at = scope; at->kind == PAIR; at = at->tail)
    if (at->head->kind == PAIR && at->head->head == name) return at->head;
  longjmp(on_error, 2);
}

static void define(struct value *scope, struct value *name, struct value *value) {
  scope->tail = pair(pair(name, value), scope->tail);
}

static struct value *evaluate(struct value *form, struct value *scope);

static struct value *evaluated_list(struct value *list, struct value *scope) {
  if (list->kind != PAIR) return &nil;
  struct value *head = evaluate(list->head, scope);
  return pair(head, evaluated_list(list->tail, scope));
}

static struct value *second(const struct value *list) { return list->tail->head; }
static struct value *third(const struct value *list) { return list->tail->tail->head; }

static struct value *evaluate(struct value *form, struct value *scope) {
  for (;;) {
    if (form->kind == SYMBOL) return lookup(scope, form)->tail;
    if (form->kind != PAIR) return form;
    const struct value *head = form->head;
    if (head == named("quote")) return second(form);
    if (head == named("if")) {
      form = evaluate(second(form), scope)->kind != NIL ? third(form) : form->tail->tail->tail->kind == PAIR ? third(form->tail) : &nil;
      continue;
    }
    if (head == named("define")) {
      define(scope, second(form), evaluate(third(form), scope));
      return second(form);
    }
    if (head == named("lambda")) {
      struct value *closure = allocate(CLOSURE);
      closure->parameters = second(form);
      closure->body = third(form);
      closure->scope = scope;
      return closure;
    }
    struct value *function = evaluate(form->head, scope), *arguments = evaluated_list(form->tail, scope);
    if (function->kind == BUILTIN) return function->builtin(arguments);
    if (function->kind != CLOSURE) longjmp(on_error, 3);
    scope = pair(&nil, function->scope);
    for (struct value *p = function->parameters; p->kind == PAIR; p = p->tail, arguments = arguments->tail) define(scope, p->head, arguments->head);
    form = function->body;
  }
}

static double first_number(const struct value *list) {
  if (list->kind != PAIR || list->head->kind != NUMBER) longjmp(on_error, 4);
  return list->head->number;
}

#define ARITHMETIC(name, operator)                                                               \
  static struct value *name(struct value *list) {                                                \
    double result = first_number(list);                                                          \
    while ((list = list->tail)->kind == PAIR) result = result operator first_number(list);       \
    return number(result);                                                                       \
  }
#define COMPARISON(name, operator)                                                               \
  static struct value *name(struct value *list) {                                                \
    return first_number(list) operator first_number(list->tail) ? number(1) : &nil;              \
  }

ARITHMETIC(add, +)
ARITHMETIC(subtract, -)
ARITHMETIC(multiply, *)
ARITHMETIC(divide, /)
COMPARISON(less, <)
COMPARISON(equal, ==)

static struct value *first(struct value *list) { return list->head->kind == PAIR ? list->head->head : &nil; }
static struct value *rest(struct value *list) { return list->head->kind == PAIR ? list->head->tail : &nil; }
static struct value *construct(struct value *list) { return pair(list->head, second(list)); }
static struct value *remainder_of(struct value *list) {
  return number((double)((int64_t)first_number(list) % (int64_t)first_number(list->tail)));
}

static const char program[] =
    "(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))"
    "(fib 12)"
    "(define map (lambda (f l) (if l (cons (f (first l)) (map f (rest l))) ())))"
    "(define range (lambda (a b) (if (< a b) (cons a (range (+ a 1) b)) ())))"
    "(map (lambda (x) (* x x)) (range 0 12))"
    "(define fold (lambda (f a l) (if l (fold f (f a (first l)) (rest l)) a)))"
    "(fold + 0 (range 0 100))"
    "(define any (lambda (f l) (if l (if (f (first l)) 1 (any f (rest l))) ())))"
    "(define prime (lambda (n) (if (any (lambda (d) (= 0 (% n d))) (range 2 (if (< n 8) n 8))) () 1)))"
    "(map prime (range 2 20))"
    "(define adder (lambda (n) (lambda (x) (+ x n))))"
    "((adder 40) 2)"
    "(map (adder 0.1) '(1 2.5 -3e2))"
    "(/ 22 7)"
    "'(a (b c) () 1.5)"
    "fold"
    "(undefined 1)"
    "(+ 'a 1)"
    "(define loop (lambda (n) (if (= n 0) 'done (loop (- n 1)))))"
    "(loop 500)"
    "(define forever (lambda (l) (forever (cons 1 l))))"
    "(forever ())";

void interpreter(void) {
  static const struct {
    const char *name;
    struct value *(*run)(struct value *);
  } builtins[] = {{"+", add}, {"-", subtract}, {"*", multiply}, {"/", divide}, {"<", less}, {"=", equal}, {"first", first}, {"rest", rest}, {"cons", construct}, {"%", remainder_of}};
  struct value *scope = pair(&nil, &nil);
  for (size_t i = 0; i < COUNT(builtins); i++) {
    struct value *value = allocate(BUILTIN);
    value->builtin = builtins[i].run;
    define(scope, named(builtins[i].name), value);
  }
  static const char *text = program;
  while (*text) {
    int error = setjmp(on_error);
    if (!error) print(evaluate(read_value(&text), scope));
    else printf("error %d", error);
    printf("\n");
  }
  printf("%d values, %d names\n", heap_used, name_count);
}
