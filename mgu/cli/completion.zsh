_mgu_run_options() {
  case $1 in
@OPTIONS@
  esac
}
_mgu_run_values() {
  case $1 in
@VALUES@
  esac
}
_mgu_run() {
  local word="${words[CURRENT]}" command="${words[2]}" before=''
  local -a found keys
  if [[ $word == *=* ]]; then
    local key="${word%%=*}" value="${word#*=}"
    [[ $value == *,* ]] && before="${value%,*},"
    [[ $key == --* ]] && found=(${=$(_mgu_run_values "$command $key")}) || found=(${=$(_mgu_run_values "$key")})
    compadd -Q -- "$key=$before"${^found}
    return
  fi
  found=(${=$(_mgu_run_values "$command ${words[CURRENT-1]}")})
  if (( CURRENT > 3 && $#found )); then
    compadd -Q -- $found
    return
  fi
  local all_keys=@KEYS@ first=@COMMANDS@' '@FLAGS@ flags=@FLAGS@  # a quoted word is not split in place
  keys=(${=all_keys})
  if (( CURRENT == 2 )); then
    found=(${=first})
  elif [[ ' '@COMMANDS@' ' == *" $command "* ]]; then
    found=(${=$(_mgu_run_options "$command")})
    case $command in
      @TAKES_KEYS@) ;;
      *) keys=(${(M)found:#*=}) found=(${found:#*=}); _files ;;
    esac
  else
    found=(${=flags})
  fi
  compadd -Q -- $found
  compadd -Q -S '' -- $keys
}
compdef _mgu_run mgu-run
