/* word.h: the names that the protocol itself uses. */
#ifndef PERI_WORD_H
#define PERI_WORD_H

/* Each of them: its enumerator and its text. */
#define PERI_WORDS(WORD)                                                                           \
    WORD(ENVELOPE, "Envelope")                                                                     \
    WORD(BODY, "Body")                                                                             \
    WORD(FAULT, "Fault")                                                                           \
    WORD(FAULTSTRING, "faultstring")                                                               \
    WORD(DETAIL, "detail")                                                                         \
    WORD(RETURNVAL, "returnval")                                                                   \
    WORD(DYNAMIC_TYPE, "dynamicType")                                                              \
    WORD(DYNAMIC_PROPERTY, "dynamicProperty")                                                      \
    WORD(OBJ, "obj")                                                                               \
    WORD(PROP_SET, "propSet")                                                                      \
    WORD(MISSING_SET, "missingSet")                                                                \
    WORD(NAME, "name")                                                                             \
    WORD(VAL, "val")                                                                               \
    WORD(PATH, "path")                                                                             \
    WORD(FAULT_FIELD, "fault")                                                                     \
    WORD(TYPE, "type")                                                                             \
    WORD(NIL, "nil")                                                                               \
    WORD(XML, "xml")                                                                               \
    WORD(XMLNS, "xmlns")                                                                           \
    WORD(XML_URI, "http://www.w3.org/XML/1998/namespace")                                          \
    WORD(XMLNS_URI, "http://www.w3.org/2000/xmlns/")                                               \
    WORD(XSI_URI, "http://www.w3.org/2001/XMLSchema-instance")                                     \
    WORD(SOAP_URI, "http://schemas.xmlsoap.org/soap/envelope/")

/* Their numbers, for peri_vocabulary_word. */
enum peri_word {
#define PERI_WORD(name, text) PERI_WORD_##name,
    PERI_WORDS(PERI_WORD)
#undef PERI_WORD
        PERI_WORD_COUNT
};

#endif
