# Installs nothing, but asks as an installer does: with a default, again after a wrong answer, and one secret without echo.
printf 'Where shall it be installed? [/opt/thing] '
read -r folder
folder=${folder:-/opt/thing}
while :; do
  printf 'Install into %s (yes/no)? ' "$folder"
  read -r answer
  case $answer in
    yes) break ;;
    no) echo 'Nothing was installed.'; exit 1 ;;
    *) echo 'Please answer yes or no.' ;;
  esac
done
printf 'Password: '
stty -echo
read -r password
stty echo
echo
printf 'Installed into %s with a password of %s characters.\n' "$folder" "${#password}"
