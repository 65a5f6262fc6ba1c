// The C program that `dev.py bench hello` puts beside the native one.
#include <stdio.h>

int main(void) {
    puts("Hello from C!");
    return 0;
}
