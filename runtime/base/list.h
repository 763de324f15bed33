/* list.h: doubly linked rings of nodes that live inside their owners. */
#ifndef PERI_LIST_H
#define PERI_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A node, or the head of a list. A node that is in no list points to itself. */
struct peri_list {
    struct peri_list *next, *prev;
};

/* The struct of a type that holds the node as its member. */
#define PERI_LIST_OWNER(node, type, member)                                                        \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Makes an empty list, or a node that is in none. */
static inline void peri_list_init(struct peri_list *list)
{
    list->next = list->prev = list;
}

/* Whether the list is empty, or the node is in none. */
static inline bool peri_list_empty(const struct peri_list *list)
{
    return list->next == list;
}

/* Takes the node out of its list; nothing happens when it is in none. */
static inline void peri_list_remove(struct peri_list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    peri_list_init(node);
}

/* Puts a node that is in no list at the end. */
static inline void peri_list_append(struct peri_list *list, struct peri_list *node)
{
    node->prev = list->prev;
    node->next = list;
    list->prev->next = node;
    list->prev = node;
}

/* Takes the first node out; NULL when the list is empty. */
static inline struct peri_list *peri_list_take(struct peri_list *list)
{
    struct peri_list *first = list->next;
    if (first == list)
        return NULL;
    peri_list_remove(first);
    return first;
}

#endif
