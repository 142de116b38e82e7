"""Writes a C++ source that holds a text file: embed_page.py PAGE SOURCE. g++ 12 has no #embed."""

import sys

DELIMITER = 'page'


def main():
    page_path, source_path = sys.argv[1:]
    with open(page_path, encoding='utf-8') as file:
        page = file.read()
    if f'){DELIMITER}"' in page:
        sys.exit(f'{page_path} holds )' + f'{DELIMITER}", the end of the string that it is to be in')
    with open(source_path, 'w', encoding='utf-8') as file:
        file.write('#include "corering/net/admin_page.h"\n\nnamespace corering::net {\n\n')
        file.write(f'const std::string_view kAdminPage = R"{DELIMITER}({page}){DELIMITER}";\n\n}}  // namespace corering::net\n')


main()
