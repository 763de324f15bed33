/* Property paths followed through the schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bindings/schema/property.h"

static const struct peri_schema_type *type(const char *name)
{
    return peri_schema_find_type(peri_str_of(name));
}

static struct peri_property good(const char *of, const char *path)
{
    struct peri_property p;
    assert_true(peri_property_find(type(of), peri_str_of(path), &p));
    assert_int_equal(p.good, strlen(path));
    return p;
}

/* The path is wrong after its first bytes `good`, looked for in a type (NULL: in none). */
static void bad(const char *of, const char *path, const char *good, const char *in)
{
    struct peri_property p;
    assert_false(peri_property_find(type(of), peri_str_of(path), &p));
    assert_int_equal(p.good, strlen(good));
    assert_ptr_equal(p.at, in == NULL ? NULL : type(in));
}

static void paths_lead_through_data_and_bases(void **state)
{
    (void)state;
    assert_ptr_equal(good("VirtualMachine", "name").type, type("string"));
    assert_ptr_equal(good("VirtualMachine", "config.hardware.numCPU").type, type("int"));
    assert_ptr_equal(good("VirtualMachine", "runtime.host").type, type("HostSystem"));
    assert_true(good("VirtualMachine", "config.hardware.device").flags & PERI_SCHEMA_ARRAY);
}

static void keys_pick_an_element(void **state)
{
    (void)state;
    struct peri_property p = good("VirtualMachine", "config.hardware.device[4000]");
    assert_false(p.flags & PERI_SCHEMA_ARRAY);
    assert_ptr_equal(p.type, type("VirtualDevice"));
    good("VirtualMachine", "config.hardware.device[4000].key");
    good("VirtualMachine", "config.extraConfig[\"a.b[1]\"].value");
}

static void fields_of_extending_types_count(void **state)
{
    (void)state;
    good("VirtualMachine", "config.hardware.device[2000].capacityInKB");
    good("VmwareDistributedVirtualSwitch", "config.maxMtu");
}

static void the_first_unknown_part_is_told(void **state)
{
    (void)state;
    bad("VirtualMachine", "nmae", "", "VirtualMachine");
    bad("VirtualMachine", "config.hardware.cpus", "config.hardware.", "VirtualHardware");
    bad("VirtualMachine", "", "", "VirtualMachine");
    bad("VirtualMachine", "config.", "config.", "VirtualMachineConfigInfo");
    bad("VirtualMachine", "config[1]", "config", "VirtualMachineConfigInfo");
    bad("VirtualMachine", "config.hardware.device[", "config.hardware.device", "VirtualDevice");
}

static void fields_of_elements_need_a_key(void **state)
{
    (void)state;
    bad("VirtualMachine", "config.hardware.device.key", "config.hardware.device", "VirtualDevice");
    bad("VirtualMachine", "config.hardware.device.", "config.hardware.device", "VirtualDevice");
}

static void a_path_ends_at_scalars_and_references(void **state)
{
    (void)state;
    bad("VirtualMachine", "runtime.host.name", "runtime.host", NULL);
    bad("VirtualMachine", "name.length", "name", NULL);
    bad("VirtualDisk", "", "", "VirtualDisk");
}

static void the_extending_type_with_a_field_is_found(void **state)
{
    (void)state;
    const struct peri_schema_type *device = type("VirtualDevice");
    assert_non_null(peri_property_subtype(device, peri_str_of("key")));
    assert_ptr_equal(peri_property_subtype(device, peri_str_of("capacityInKB")),
                     type("VirtualDisk"));
    assert_null(peri_property_subtype(device, peri_str_of("numCPU")));
    assert_null(peri_property_subtype(device, peri_str_of("no such name")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_through_data_and_bases),
        cmocka_unit_test(keys_pick_an_element),
        cmocka_unit_test(fields_of_extending_types_count),
        cmocka_unit_test(the_first_unknown_part_is_told),
        cmocka_unit_test(fields_of_elements_need_a_key),
        cmocka_unit_test(a_path_ends_at_scalars_and_references),
        cmocka_unit_test(the_extending_type_with_a_field_is_found),
    };
    return cmocka_run_group_tests_name("schema/property", tests, NULL, NULL);
}
