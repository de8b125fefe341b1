"""The `shopfolio` command: Django's management commands and ours."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shopfolio.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, connection

    from shopfolio.lib.readiness import Refused, no_answer
    from shopfolio.tasks.supervision import up

    try:
        if sys.argv[1:] == ["up"]:
            up()  # past Django's set-up, which takes longer than all the rest
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, Refused) as error:
        sys.exit(f"shopfolio: {error}")
    except OperationalError as error:
        if connection.connection is not None:
            raise
        sys.exit(f"shopfolio: {no_answer(error)}")


if __name__ == "__main__":
    main()
