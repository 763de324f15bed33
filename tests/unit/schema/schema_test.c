/* The generated tables as a whole, and the lookups in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bindings/schema/schema.h"

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

static const struct peri_schema_field *field(const char *of, const char *name)
{
    int slot = peri_schema_find_slot(type(of), peri_schema_find_name(peri_str_of(name)));
    assert_true(slot >= 0);
    return peri_schema_slot(type(of), (size_t)slot);
}

static void the_whole_service_is_there(void **state)
{
    (void)state;
    size_t of_kind[PERI_SCHEMA_MANAGED + 1] = {0}, members = 0, fields = 0;
    for (size_t i = 0; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *t = peri_schema_type((uint16_t)i);
        of_kind[t->kind]++;
        members += t->kind == PERI_SCHEMA_ENUM ? t->count : 0;
        fields += t->kind == PERI_SCHEMA_DATA ? t->count : 0;
    }
    assert_true(of_kind[PERI_SCHEMA_ENUM] >= 424);
    assert_true(of_kind[PERI_SCHEMA_DATA] >= 2932);
    assert_true(of_kind[PERI_SCHEMA_MANAGED] >= 138);
    assert_true(peri_schema_method_count() >= 955);
    assert_true(members >= 1982);
    assert_true(fields >= 7450);
}

static void builtin_types_stand_first_by_their_kind(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < PERI_SCHEMA_BUILTINS; i++)
        assert_int_equal(peri_schema_type(i)->kind, i);
    assert_int_equal(type("string")->kind, PERI_SCHEMA_STRING);
    assert_int_equal(type("base64Binary")->kind, PERI_SCHEMA_BINARY);
    assert_int_equal(type("ManagedObjectReference")->kind, PERI_SCHEMA_REFERENCE);
}

static void types_are_sorted_and_found(void **state)
{
    (void)state;
    for (size_t i = PERI_SCHEMA_BUILTINS; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *t = peri_schema_type((uint16_t)i);
        assert_ptr_equal(type(peri_schema_type_name(t)), t);
        assert_int_equal(peri_schema_index(t), i);
    }
}

static void names_are_sorted_and_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < peri_schema_name_count(); i++)
        assert_int_equal(peri_schema_find_name(peri_str_of(peri_schema_name((uint16_t)i))), i);
}

static void every_base_is_of_the_kind_and_leads_to_an_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *t = peri_schema_type((uint16_t)i);
        for (int depth = 0; t->base != PERI_SCHEMA_NONE; depth++) {
            assert_true(depth < 16);
            assert_int_equal(peri_schema_type(t->base)->kind, t->kind);
            t = peri_schema_type(t->base);
        }
    }
}

static void check_field(const struct peri_schema_type *owner, const struct peri_schema_field *f)
{
    assert_true(f->name < peri_schema_name_count());
    assert_true(f->type < peri_schema_type_count());
    assert_true(f->since <= peri_schema_service(owner->service)->version_count);
    assert_true(strlen(peri_schema_text(f->privilege)) < 100);
}

static void slots_are_the_bases_fields_and_then_the_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *t = peri_schema_type((uint16_t)i);
        if (t->kind != PERI_SCHEMA_DATA)
            continue;
        size_t inherited = t->base == PERI_SCHEMA_NONE ? 0 : peri_schema_type(t->base)->slot_count;
        assert_int_equal(t->slot_count, inherited + t->count);
        for (size_t s = 0; s < t->slot_count; s++) {
            const struct peri_schema_field *f = peri_schema_slot(t, s);
            check_field(t, f);
            assert_ptr_equal(f, s < inherited ? peri_schema_slot(peri_schema_type(t->base), s)
                                              : peri_schema_own(t, s - inherited));
            assert_int_equal(peri_schema_find_slot(t, f->name), s);
        }
    }
}

static void methods_belong_to_their_owner(void **state)
{
    (void)state;
    for (size_t i = 0; i < peri_schema_method_count(); i++) {
        const struct peri_schema_method *m = peri_schema_method((uint16_t)i);
        const struct peri_schema_type *owner = peri_schema_type(m->owner);
        assert_int_equal(owner->kind, PERI_SCHEMA_MANAGED);
        assert_in_range(i, owner->method, owner->method + owner->method_count - 1U);
        assert_ptr_equal(method(peri_schema_text(m->name)), m);
        assert_true(m->result == PERI_SCHEMA_NONE || m->result < peri_schema_type_count());
        for (size_t p = 0; p < m->param_count; p++)
            check_field(owner, peri_schema_param(m, p));
        for (size_t f = 0; f < m->fault_count; f++)
            assert_true(peri_schema_is(peri_schema_fault(m, f), type("MethodFault")));
    }
}

static void tasks_are_the_methods_whose_names_end_so(void **state)
{
    (void)state;
    size_t tasks = 0;
    for (size_t i = 0; i < peri_schema_method_count(); i++) {
        const struct peri_schema_method *m = peri_schema_method((uint16_t)i);
        const char *name = peri_schema_text(m->name);
        bool says_task = strlen(name) > 5 && strcmp(name + strlen(name) - 5, "_Task") == 0;
        assert_int_equal(says_task, (m->flags & PERI_SCHEMA_TASK) != 0);
        tasks += says_task;
    }
    assert_true(tasks >= 241);
}

static void links_travel_as_keys_and_faults_localized(void **state)
{
    (void)state;
    assert_int_equal(field("HostPortGroup", "vswitch")->type, PERI_SCHEMA_STRING);
    assert_true(field("HostPortGroup", "vswitch")->flags & PERI_SCHEMA_LINK);
    assert_true(field("HostVirtualSwitch", "pnic")->flags & PERI_SCHEMA_ARRAY);
    assert_ptr_equal(peri_schema_type(field("TaskInfo", "error")->type),
                     type("LocalizedMethodFault"));
    assert_ptr_equal(peri_schema_type(field("NoPermission", "faultCause")->type),
                     type("LocalizedMethodFault"));
    assert_ptr_equal(peri_schema_type(field("LocalizedMethodFault", "fault")->type),
                     type("MethodFault"));
}

static void fields_know_secrets_and_versions(void **state)
{
    (void)state;
    assert_true(field("NamePasswordAuthentication", "password")->flags & PERI_SCHEMA_SECRET);
    const struct peri_schema_field *f = field("VirtualDisk", "capacityInBytes");
    assert_string_equal(peri_schema_version(0, f->since), "5.5");
    assert_true(f->flags & PERI_SCHEMA_OPTIONAL);
    assert_false(field("VirtualDisk", "capacityInKB")->flags & PERI_SCHEMA_OPTIONAL);
}

static void methods_know_results_and_privileges(void **state)
{
    (void)state;
    const struct peri_schema_method *m = method("CreateVM_Task");
    assert_ptr_equal(peri_schema_type(m->owner), type("Folder"));
    assert_ptr_equal(peri_schema_type(m->result), type("Task"));
    assert_ptr_equal(peri_schema_type(m->task_result), type("VirtualMachine"));
    assert_string_equal(peri_schema_text(m->privilege), "VirtualMachine.Inventory.Create");
    assert_string_equal(peri_schema_text(peri_schema_param(m, 1)->privilege),
                        "Resource.AssignVMToPool");
    assert_int_equal(method("Login")->result, peri_schema_index(type("UserSession")));
    assert_int_equal(method("Logout")->result, PERI_SCHEMA_NONE);
}

static void extending_is_transitive_and_any_object_is_a_reference(void **state)
{
    (void)state;
    assert_true(peri_schema_is(type("VirtualVmxnet3"), type("VirtualDevice")));
    assert_false(peri_schema_is(type("VirtualDevice"), type("VirtualVmxnet3")));
    assert_true(peri_schema_is(type("DistributedVirtualPortgroup"), type("Network")));
    assert_true(peri_schema_is(type("Network"), type("ManagedObjectReference")));
    assert_false(peri_schema_is(type("VirtualDevice"), type("ManagedObjectReference")));
}

static void arrays_are_named_after_their_elements(void **state)
{
    (void)state;
    char name[64];
    peri_schema_array_name(type("int"), name, sizeof(name));
    assert_string_equal(name, "ArrayOfInt");
    assert_ptr_equal(peri_schema_find_array(PERI_SCHEMA_CORE, peri_str_of("ArrayOfInt")),
                     type("int"));
    assert_ptr_equal(peri_schema_find_array(PERI_SCHEMA_CORE, peri_str_of("ArrayOfVirtualDevice")),
                     type("VirtualDevice"));
    assert_ptr_equal(
        peri_schema_find_array(PERI_SCHEMA_CORE, peri_str_of("ArrayOfManagedObjectReference")),
        type("ManagedObjectReference"));
    assert_null(peri_schema_find_array(PERI_SCHEMA_CORE, peri_str_of("ArrayOf")));
    assert_null(peri_schema_find_array(PERI_SCHEMA_CORE, peri_str_of("VirtualDevice")));
}

static void enums_have_members(void **state)
{
    (void)state;
    const struct peri_schema_type *power = type("VirtualMachinePowerState");
    assert_true(peri_schema_has_member(power, peri_str_of("poweredOn")));
    assert_false(peri_schema_has_member(power, peri_str_of("PoweredOn")));
}

static void unknown_names_are_not_found(void **state)
{
    (void)state;
    assert_null(peri_schema_find_type(peri_str_of("VirtualDisc")));
    assert_null(peri_schema_find_type((struct peri_str){"VirtualDisk\0", 12}));
    assert_null(peri_schema_find_type((struct peri_str){"VirtualDisk", 10}));
    assert_null(peri_schema_find_method(peri_str_of("createVm")));
    assert_int_equal(peri_schema_find_name(peri_str_of("")), PERI_SCHEMA_NONE);
}

static uint8_t version(const char *name)
{
    return peri_schema_find_version(0, peri_str_of(name));
}

static void versions_are_found_by_name_or_by_number(void **state)
{
    (void)state;
    assert_string_equal(peri_schema_version(0, version("8.0.3.0")), "8.0.3.0");
    assert_string_equal(peri_schema_version(0, version("8.0.2.1")), "8.0.2.0");
    assert_string_equal(peri_schema_version(0, version("6.5")), "6.5");
    assert_string_equal(peri_schema_version(0, version("7.0")), "7.0.0.0");
    assert_string_equal(peri_schema_version(0, version("99.1")), "9.1.1.0");
    assert_string_equal(peri_schema_version(0, version("2.5u2server")), "2.5u2server");
    assert_int_equal(version("1.0"), 0);
    assert_int_equal(version("latest"), 0);
    assert_int_equal(version(""), 0);
    assert_true(version("6.7.3") < version("6.8.7"));
}

static uint8_t service(const char *name)
{
    const struct peri_schema_service *found = peri_schema_find_service(peri_str_of(name));
    assert_non_null(found);
    return peri_schema_service_index(found);
}

static void a_name_is_looked_for_in_its_service_and_in_the_core(void **state)
{
    (void)state;
    uint8_t pbm = service("pbm");
    assert_int_equal(service("vim25"), PERI_SCHEMA_CORE);
    assert_null(peri_schema_find_service(peri_str_of("vim")));
    assert_ptr_equal(peri_schema_find_type_in(pbm, peri_str_of("PbmProfile")), type("PbmProfile"));
    assert_ptr_equal(peri_schema_find_type_in(pbm, peri_str_of("KeyAnyValue")),
                     type("KeyAnyValue"));
    assert_ptr_equal(peri_schema_find_type_in(pbm, peri_str_of("string")), type("string"));
    assert_null(peri_schema_find_type_in(PERI_SCHEMA_CORE, peri_str_of("PbmProfile")));
    assert_non_null(peri_schema_find_method_in(pbm, peri_str_of("PbmCreate")));
    assert_null(peri_schema_find_method_in(PERI_SCHEMA_CORE, peri_str_of("PbmCreate")));
}

static void a_field_is_of_the_service_whose_type_declares_it(void **state)
{
    (void)state;
    const struct peri_schema_type *fault = type("PbmFault");
    assert_int_equal(fault->service, service("pbm"));
    assert_int_equal(peri_schema_slot(fault, 0)->service, PERI_SCHEMA_CORE); /* faultCause */
    assert_int_equal(peri_schema_own(type("PbmProfile"), 0)->space, service("pbm"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_service_is_there),
        cmocka_unit_test(builtin_types_stand_first_by_their_kind),
        cmocka_unit_test(types_are_sorted_and_found),
        cmocka_unit_test(names_are_sorted_and_found),
        cmocka_unit_test(every_base_is_of_the_kind_and_leads_to_an_end),
        cmocka_unit_test(slots_are_the_bases_fields_and_then_the_own),
        cmocka_unit_test(methods_belong_to_their_owner),
        cmocka_unit_test(tasks_are_the_methods_whose_names_end_so),
        cmocka_unit_test(links_travel_as_keys_and_faults_localized),
        cmocka_unit_test(fields_know_secrets_and_versions),
        cmocka_unit_test(methods_know_results_and_privileges),
        cmocka_unit_test(extending_is_transitive_and_any_object_is_a_reference),
        cmocka_unit_test(arrays_are_named_after_their_elements),
        cmocka_unit_test(enums_have_members),
        cmocka_unit_test(unknown_names_are_not_found),
        cmocka_unit_test(versions_are_found_by_name_or_by_number),
        cmocka_unit_test(a_name_is_looked_for_in_its_service_and_in_the_core),
        cmocka_unit_test(a_field_is_of_the_service_whose_type_declares_it),
    };
    return cmocka_run_group_tests_name("schema/schema", tests, NULL, NULL);
}
