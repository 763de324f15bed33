/* service.c: datagrams to the socket of the service manager, and sockets of it. */
#include "runtime/base/service.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The address of a name; "@name" is one of the abstract namespace. Its length, 0 if it is none. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len >= sizeof(address->sun_path))
        return 0;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, name, len + 1);
    if (name[0] != '@')
        return sizeof(*address);
    address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

bool peri_service_notify(const char *address, const char *state)
{
    struct sockaddr_un place = {0};
    socklen_t len = address_of(address, &place);
    int fd = len == 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0)
        return false;
    size_t n = strlen(state);
    bool is_sent = sendto(fd, state, n, MSG_NOSIGNAL, (struct sockaddr *)&place, len) == (ssize_t)n;
    close(fd);
    return is_sent;
}

bool peri_service_adopt(int count)
{
    for (int fd = PERI_SERVICE_FIRST; fd < PERI_SERVICE_FIRST + count; fd++)
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
            return false;
    return true;
}
