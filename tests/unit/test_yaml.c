/* YAML as configuration reads it: what a tree holds, and what is refused, with the place and the
 * remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "config/yaml.h"

static char folder[] = "/tmp/primaflow-yaml.XXXXXX";
static char path[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/x.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void write_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The message without the folder: "x.yaml:1:2: ..." */
static const char *shown(const struct config_message *message)
{
    const size_t n = strlen(folder) + 1;
    assert_int_equal(strncmp(message->text, folder, n - 1), 0);
    return message->text + n;
}

static void test_tree(void **state)
{
    (void)state;
    static const char text[] = "# comment\n"
                               "plain: no\n"
                               "list: [1, \"two\", {k: v}]\n"
                               "deep:\n"
                               "  inner: |\n"
                               "    a\n"
                               "    b\n"
                               "empty:\n"
                               "\"with space\": 'it''s'\n";
    struct yaml_tree *tree = NULL;
    struct config_message message;
    write_file(text, sizeof text - 1);
    assert_int_equal(yaml_load(path, &tree, &message), 0);
    const struct yaml_node *root = yaml_root(tree);
    assert_int_equal(yaml_kind(root), YAML_KIND_MAP);
    assert_int_equal(yaml_count(root), 5);
    assert_null(yaml_text(root));
    assert_string_equal(yaml_text(yaml_get(root, "plain")),
                        "no"); /* a text: who reads it gives it a type */
    assert_string_equal(yaml_text(yaml_get(root, "empty")), "");
    assert_string_equal(yaml_text(yaml_get(root, "with space")), "it's");
    assert_string_equal(yaml_text(yaml_get(yaml_get(root, "deep"), "inner")), "a\nb\n");
    const struct yaml_node *list = yaml_get(root, "list");
    assert_int_equal(yaml_kind(list), YAML_KIND_LIST);
    assert_int_equal(yaml_count(list), 3);
    assert_string_equal(yaml_text(yaml_item(list, 1)), "two");
    assert_string_equal(yaml_text(yaml_get(yaml_item(list, 2), "k")), "v");
    assert_int_equal(yaml_column(yaml_item(list, 1)), 11);
    assert_null(yaml_item(list, 3));
    assert_null(yaml_item(root, 0));
    assert_null(yaml_get(root, "absent"));
    assert_null(yaml_get(list, "k"));
    static const char *const order[] = {"plain", "list", "deep", "empty", "with space"};
    static const size_t lines[] = {2, 3, 4, 8, 9};
    for (size_t i = 0; i < 5; i++) {
        const char *key = NULL;
        const struct yaml_node *node = yaml_entry(root, i, &key);
        assert_string_equal(key, order[i]);
        assert_int_equal(yaml_line(node), lines[i]); /* the key's, also of a nested map */
        assert_int_equal(yaml_column(node), 1);
    }
    const char *key = "untouched";
    assert_null(yaml_entry(root, 5, &key));
    assert_string_equal(key, "untouched");
    assert_int_equal(yaml_complain(tree, yaml_get(root, "deep"), &message, "%s is wrong", "deep"),
                     -EINVAL);
    assert_string_equal(shown(&message), "x.yaml:4:1: deep is wrong");
    yaml_unload(tree);
    yaml_unload(NULL);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *message;
    } rows[] = {
        {"a key twice, far apart", "a: 1\nb: 2\nc: 3\na: 4\n",
         "x.yaml:4:1: the key a stands here a second time, first in line 1"},
        {"an alias", "a: *x\n", "x.yaml:1:4: aliases"},
        {"an anchor on a text", "a: &x 1\n", "x.yaml:1:4: anchors"},
        {"an anchor on a list", "a: &x [1]\n", "x.yaml:1:4: anchors"},
        {"an anchor on a map", "a: &x {b: 1}\n", "x.yaml:1:4: anchors"},
        {"an anchor on a key", "&x a: 1\n", "x.yaml:1:1: anchors"},
        {"a tag", "a: !!int 1\n", "x.yaml:1:4: tags"},
        {"a list as a key", "[a, b]: 1\n", "x.yaml:1:1: a key must be a plain text"},
        {"a second document", "a: 1\n---\nb: 2\n", "x.yaml:2:1: a second document"},
        {"a tab as indentation", "a:\n\tb: 1\n", "x.yaml:2:1: not YAML"},
        {"an open bracket", "a: [1, 2\n", "x.yaml:2:1: not YAML"},
        {"an open quote", "a: \"x\n", "x.yaml:2:1: not YAML"},
        {"Latin-1", "a: caf\xe9 x\n", "not UTF-8 text"},
        {"a hidden NUL", "a: \"x\\0y\"\n", "x.yaml:1:4: a NUL character"},
        {"a hidden NUL in a key", "\"x\\0y\": 1\n", "x.yaml:1:1: a NUL character"},
        {"33 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
         "x.yaml:1:33: nested deeper than 32"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct yaml_tree *tree = NULL;
        struct config_message message = {""};
        write_file(rows[i].text, strlen(rows[i].text));
        assert_int_equal(yaml_load(path, &tree, &message), -EINVAL);
        assert_null(tree);
        assert_non_null(strstr(shown(&message), rows[i].message));
    }
}

static void test_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum yaml_kind root;
    } rows[] = {
        {"empty is an empty map", "", YAML_KIND_MAP},
        {"only a comment", "# nothing\n", YAML_KIND_MAP},
        {"explicit document", "---\na: 1\n...\n", YAML_KIND_MAP},
        {"byte order mark",
         "\xef\xbb\xbf"
         "a: 1\n",
         YAML_KIND_MAP},
        {"a list", "- 1\n- 2\n", YAML_KIND_LIST},
        {"a text", "x\n", YAML_KIND_SCALAR},
        {"32 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
         YAML_KIND_LIST},
        {"windows' line ends", "a: 1\r\nb: 2\r\n", YAML_KIND_MAP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct yaml_tree *tree = NULL;
        struct config_message message;
        write_file(rows[i].text, strlen(rows[i].text));
        assert_int_equal(yaml_load(path, &tree, &message), 0);
        assert_int_equal(yaml_kind(yaml_root(tree)), rows[i].root);
        yaml_unload(tree);
    }
}

static void test_files(void **state)
{
    (void)state;
    struct yaml_tree *tree = NULL;
    struct config_message message;
    assert_int_equal(yaml_load("/nonexistent/x.yaml", &tree, &message), -ENOENT);
    assert_string_equal(message.text,
                        "/nonexistent/x.yaml: cannot be read: No such file or directory");
    assert_int_equal(yaml_load("/tmp", &tree, &message), -EINVAL);
    assert_string_equal(message.text, "/tmp: cannot be read: Is a directory");
    assert_null(tree);
}

/* 4 MiB are read, one byte more is not; and the largest files stay quick and small, whatever they
 * hold. */
static void test_size(void **state)
{
    (void)state;
    enum { LIMIT = 4 << 20 };
    static char bytes[LIMIT + 1];
    struct yaml_tree *tree = NULL;
    struct config_message message;
    memset(bytes, '#', sizeof bytes);
    write_file(bytes, LIMIT);
    assert_int_equal(yaml_load(path, &tree, &message), 0);
    yaml_unload(tree);
    write_file(bytes, LIMIT + 1);
    assert_int_equal(yaml_load(path, &tree, &message), -EINVAL);
    assert_string_equal(shown(&message), "x.yaml: larger than 4 MiB; split it");
    size_t size = 0;
    for (int i = 0; i < 100000; i++)
        size += (size_t)snprintf(bytes + size, sizeof bytes - size, "SKU%06d: X\n", 99999 - i);
    write_file(bytes, size);
    tree = NULL;
    assert_int_equal(yaml_load(path, &tree, &message), 0);
    for (int i = 0; i < 100000; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "SKU%06d", i);
        assert_int_equal(yaml_line(yaml_get(yaml_root(tree), key)), (size_t)(100000 - i));
    }
    yaml_unload(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_accepted), cmocka_unit_test(test_files),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests_name("yaml", tests, make_folder, remove_folder);
}
