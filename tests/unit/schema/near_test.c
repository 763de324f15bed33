/* The nearest name of the schema to a misspelt one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bindings/schema/near.h"

static const struct peri_schema_type *type(const char *name)
{
    const struct peri_schema_type *found = peri_schema_find_type(peri_str_of(name));
    assert_non_null(found);
    return found;
}

static const struct peri_schema_method *method(const char *name)
{
    const struct peri_schema_method *found = peri_schema_find_method(peri_str_of(name));
    assert_non_null(found);
    return found;
}

static void near_names_are_offered(void **state)
{
    (void)state;
    assert_string_equal(peri_near_field(type("VirtualDisk"), peri_str_of("capacityInKb")),
                        "capacityInKB");
    assert_string_equal(peri_near_field(type("VirtualDisk"), peri_str_of("controlerKey")),
                        "controllerKey");
    assert_string_equal(peri_near_field(type("VirtualMachine"), peri_str_of("nmae")), "name");
    assert_string_equal(peri_near_method(type("VirtualMachine"), peri_str_of("PowerOnVM_task")),
                        "PowerOnVM_Task");
    assert_string_equal(peri_near_method(type("VirtualMachine"), peri_str_of("Destroy_Tsk")),
                        "Destroy_Task");
    assert_string_equal(peri_near_param(method("CreateVM_Task"), peri_str_of("hots")), "host");
    assert_string_equal(
        peri_near_type(PERI_SCHEMA_CORE, type("VirtualDevice"), peri_str_of("VirtualDisc")),
        "VirtualDisk");
    assert_string_equal(peri_near_member(type("VirtualMachinePowerState"), peri_str_of("powerdOn")),
                        "poweredOn");
    assert_null(peri_near_field(type("VirtualDisk"), peri_str_of("annotation")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_names_are_offered),
    };
    return cmocka_run_group_tests_name("schema/near", tests, NULL, NULL);
}
